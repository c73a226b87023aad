"""A role that a tenant made for itself."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel


class Role(TenantModel):
    """``key`` is what memberships hold and never changes; ``permissions`` may, and hold at once.

    ``given`` counts who was given it, so that giving and deleting it at once collide.
    """

    key = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    permissions = DocumentField(default=list, blank=True)
    given = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "roles"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="role_key"),
            models.UniqueConstraint(fields=["tenant", "name"], name="role_name"),
        ]

    def __str__(self) -> str:
        return self.name
