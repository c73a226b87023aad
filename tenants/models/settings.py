"""What a tenant chose."""

from django.core.validators import MaxValueValidator
from django.db import models

from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel

RETAINED = ("messages", "media", "audit", "raw_deliveries", "events")


class TenantSettings(TenantModel):
    """``language`` and ``time_zone`` are what clients show by: we write English, and our days are UTC.

    ``reopen_hours``: how long after closing a conversation a new message reopens it.

    ``retention_days``: for each kind of data the days that it is kept; a kind that is missing or
    null is kept for ever. ``email_domains``, ``second_factor_required`` and ``ip_allow_list`` are
    asked of whoever enters (``Tenant.entry`` carries them). ``owner_changes`` counts changes of
    owners and of what is limited in number, so that two at once collide.
    """

    reopen_hours = models.PositiveIntegerField(default=72, validators=[MaxValueValidator(24 * 90)])
    time_zone = models.CharField(max_length=60, default="UTC")
    language = models.CharField(max_length=12, default="en")
    retention_days = DocumentField(default=dict, blank=True)
    email_domains = DocumentField(default=list, blank=True)
    second_factor_required = models.BooleanField(default=False)
    ip_allow_list = DocumentField(default=list, blank=True)
    owner_changes = models.IntegerField(default=0, editable=False)

    class Meta(TenantModel.Meta):
        db_table = "tenant_settings"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="settings_once")]
