"""WhatsApp Business through Meta's Cloud API: webhooks in, requests out, no state between."""
