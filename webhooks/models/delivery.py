"""What a provider posted, byte for byte."""

from django.db import models
from django_mongodb_backend.fields import ArrayField

from kernel.mongo.fields import DocumentField


class WebhookDelivery(models.Model):
    """Global until routed: one POST may carry items of several tenants.

    The edge inserts it before it answers 200. ``account`` closes it:
    ``received`` = ``stored`` + ``duplicate`` + ``parked`` + ``dead``. A stored
    item that has no effect says so itself (``WebhookEvent.last_error``).
    ``origin`` names what order is kept for (``webhooks.edge.origin``).
    ``parked`` lists the addresses of items nobody owns yet, ``kind:value``. ``leftover``: no
    tenant's ledger has an item of it, so no tenant's retention comes by.
    """

    NEW, DONE = "new", "done"

    source = models.CharField(max_length=40)
    origin = models.CharField(max_length=80, blank=True)
    body = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, default=NEW)
    account = DocumentField(default=dict)
    problems = DocumentField(default=list)
    parked = ArrayField(models.CharField(max_length=120), default=list)
    exploded_at = models.DateTimeField(null=True)
    leftover = models.BooleanField(default=False)

    class Meta:
        db_table = "webhook_deliveries"
        indexes = [
            models.Index(fields=["state", "id"], condition=models.Q(state="new"),
                         name="delivery_new"),
            models.Index(fields=["state", "origin", "id"], condition=models.Q(state="new"),
                         name="delivery_origin"),
            models.Index(fields=["parked", "id"], name="delivery_parked"),
            models.Index(fields=["leftover", "id"], condition=models.Q(leftover=True),
                         name="delivery_leftover"),
        ]  # fmt: skip
