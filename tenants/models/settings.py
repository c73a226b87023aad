"""What a tenant chose."""

from django.core.validators import MaxValueValidator
from django.db import models

from kernel.scoping.models import TenantModel


class TenantSettings(TenantModel):
    """``reopen_hours``: how long after closing a conversation a new message reopens it.

    ``owner_changes`` counts changes of owners, so that two at once collide.
    """

    reopen_hours = models.PositiveIntegerField(default=72, validators=[MaxValueValidator(24 * 90)])
    time_zone = models.CharField(max_length=60, default="UTC")
    language = models.CharField(max_length=12, default="en")
    owner_changes = models.IntegerField(default=0, editable=False)

    class Meta(TenantModel.Meta):
        db_table = "tenant_settings"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="settings_once")]
