"""The WhatsApp room: what customers send, what a business may send, and the statuses of it."""
