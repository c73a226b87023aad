"""Accounts that somebody signed in to and may connect."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel


class ChannelSignIn(TenantModel):
    """What a consent granted, for a while: ``accounts`` without, ``tokens`` (sealed JSON) with secrets.

    An account is ``{"id", "name", "external", "ready", "expires_at"}``; ``tokens`` maps its id
    to its token. ``made_by`` is the member or key that signed in, and alone may use it. ``nonce``
    names the state that came back from the dialog, which serves once.
    """

    kind = models.CharField(max_length=20)
    nonce = models.CharField(max_length=32, null=True)
    made_by = models.CharField(max_length=24)
    accounts = DocumentField(default=list)
    tokens = models.TextField()
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        db_table = "channel_sign_ins"
        indexes = [models.Index(fields=["tenant", "expires_at"], name="sign_in_ends")]
        constraints = [models.UniqueConstraint(fields=["tenant", "nonce"], name="state_once")]
