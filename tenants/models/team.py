"""Members who share work."""

from django.db import models

from kernel.clock import now
from kernel.scoping.models import TenantModel


class Team(TenantModel):
    """A conversation can belong to one. Who is in it stands in ``Membership.team_ids``.

    ``joined`` counts who was put in, so that putting somebody in and deleting it at once collide.
    """

    name = models.CharField(max_length=80)
    joined = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "teams"
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="team_name")]

    def __str__(self) -> str:
        return self.name
