"""What a person did with their account, while some of their tenants' logs still wait for it."""

from django.db import models
from django.db.models import Q

from kernel.clock import now
from kernel.mongo.fields import DocumentField


class AccountEntry(models.Model):
    """Global: it is one row for all tenants in ``waiting`` (their ids), and goes with the last one.

    ``code`` is set for what was refused. Such ones are counted in ``count``, a minute long, in the
    row with their ``key``; others have none.
    """

    user_id = models.CharField(max_length=24)
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=64)
    changes = DocumentField(default=dict, blank=True)
    code = models.CharField(max_length=60, blank=True)
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField(default=now)
    waiting = DocumentField(default=list, blank=True)
    key = models.CharField(max_length=160, blank=True)
    count = models.BigIntegerField(default=1)

    class Meta:
        db_table = "account_entries"
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(key__gt=""), name="account_entry_counted"
            )
        ]
