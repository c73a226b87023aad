"""Which tenant owns a provider's address."""

from django.db import models

from kernel.clock import now


class ChannelAddress(models.Model):
    """Global: an inbound item says only its address. The unique key gives each one owner at most.

    An account with several numbers (``waba_id``) is one address of one tenant, and
    leads to one of its channels; what is said of the account concerns them all.

    ``replay_pending`` is true until what arrived before the connection has been
    routed; newer items wait behind it.
    """

    SHARED = frozenset({"waba_id"})

    kind = models.CharField(max_length=30)
    value = models.CharField(max_length=80)
    tenant_id = models.CharField(max_length=24)
    channel_id = models.CharField(max_length=24)
    replay_pending = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "channel_addresses"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="address_owner")]
        indexes = [
            models.Index(fields=["channel_id"], name="address_channel"),
            models.Index(fields=["replay_pending", "id"], name="address_replay"),
            models.Index(fields=["tenant_id"], name="address_tenant"),
        ]


class FormerAddress(models.Model):
    """Global: who was reached by an address from when to when, so that what came then stays theirs.

    Written when an address is given up, by what was proved with the provider here; never by what
    an archive says.
    """

    kind = models.CharField(max_length=30)
    value = models.CharField(max_length=80)
    tenant_id = models.CharField(max_length=24)
    channel_id = models.CharField(max_length=24, default="")
    since = models.DateTimeField()
    until = models.DateTimeField(default=now)

    class Meta:
        db_table = "former_addresses"
        indexes = [
            models.Index(fields=["kind", "value", "since"], name="former_address_since"),
            models.Index(fields=["tenant_id"], name="former_address_tenant"),
        ]
