"""An account on a provider's network."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel


class Channel(TenantModel):
    """``external`` holds the provider's ids (``phone_number_id``, ``waba_id``, …), all text.

    ``status`` moves as ``channels/services/states.py`` says, and only there:
    connecting → active ↔ degraded → broken → active; paused by a person; removed
    for good. Sends wait while it is broken or paused.

    ``facts`` is what the provider last said of the account (``quality``,
    ``messaging_limit``, ``verified_name``, …), ``facts_at`` when, by its clock;
    ``notices`` are its last news, oldest first, and ``template_notices`` changes of
    templates that are not known here before the next sync.
    """

    CONNECTING, ACTIVE, DEGRADED = "connecting", "active", "degraded"
    BROKEN, PAUSED, REMOVED = "broken", "paused", "removed"
    STATUSES = [(s, s) for s in (CONNECTING, ACTIVE, DEGRADED, BROKEN, PAUSED, REMOVED)]

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    external = DocumentField(default=dict)
    status = models.CharField(max_length=12, choices=STATUSES, default=CONNECTING)
    status_reason = models.CharField(max_length=300, blank=True)
    status_at = models.DateTimeField(default=now)
    health = DocumentField(default=dict)
    health_at = models.DateTimeField(null=True)
    facts = DocumentField(default=dict, blank=True)
    facts_at = DocumentField(default=dict, blank=True)
    notices = DocumentField(default=list, blank=True)
    template_notices = DocumentField(default=list, blank=True)
    sends_per_second = models.PositiveIntegerField(default=80)
    last_inbound_at = models.DateTimeField(null=True)
    last_outbound_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "channels"
        indexes = [models.Index(fields=["tenant", "-id"], name="channel_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def sends(self) -> bool:
        return self.status in (self.ACTIVE, self.DEGRADED)


class ChannelCredential(TenantModel):
    """What opens the account, sealed by the vault; apart from the channel, so that reading one never loads it.

    ``issued_at`` and ``expires_at`` are the token's, as far as the provider told; without an end
    it lasts until it is revoked.
    """

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    access_token = models.TextField()
    app_secret = models.TextField(blank=True)
    issued_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=now)

    cross_tenant_indexes = {"credential_channel": "the edge knows the channel before the tenant"}

    class Meta(TenantModel.Meta):
        db_table = "channel_credentials"
        indexes = [models.Index(fields=["channel"], name="credential_channel")]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel"], name="credential_once")
        ]
