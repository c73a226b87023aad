"""Refusals of the Webhook agent."""

from kernel.errors import Conflict, NotFound


class WebhookEventNotFound(NotFound):
    code = "webhook_event_not_found"
    title = "There is no such inbound item"


class NotReplayable(Conflict):
    code = "not_replayable"
    title = "Only dead or parked items can be replayed"
