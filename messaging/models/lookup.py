"""Something of which only the id came: to be read at the provider, then taken in."""

from django.db import models

from channels.models import Channel
from kernel.models.work import WorkItem
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey


class Lookup(WorkItem):
    """``what`` is message, edit, comment, mention or profile (of a person); ``key`` recognises a repetition.

    ``person`` is the customer where one was named (``{"identities", "name", "username", "phone"}``),
    ``detail`` what else came with the id. A lane is one person's, or else one thing's.
    """

    MESSAGE, EDIT, COMMENT, MENTION = "message", "edit", "comment", "mention"
    PROFILE = "profile"

    channel = TenantForeignKey(Channel, models.CASCADE, related_name="+")
    what = models.CharField(max_length=10)
    external_id = models.CharField(max_length=300)
    key = models.CharField(max_length=400)
    person = DocumentField(null=True)
    detail = DocumentField(default=dict)
    provider_at = models.DateTimeField(null=True)

    class Meta(WorkItem.Meta):
        abstract = False
        db_table = "lookups"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel", "key"], name="lookup_once")
        ]
