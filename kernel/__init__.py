"""What every app stands on: scoping, durable work, events, audit, the outgoing door. No business."""
