"""Messages are written once; what happens to them later are rows beside them."""

from django.db import models

from channels.models import Channel
from conversations.models import Conversation
from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel


class Message(TenantModel):
    """``seq`` numbers the messages of a conversation: the order in which they were taken in.

    ``external_id`` is the provider's id; a message of ours has its own id there
    with ``out:`` before it, because the provider's comes later and this row does
    not change, and what the provider gives no id has ``made:`` and a digest of
    what it says. ``sender_kind`` is contact, agent, api_key, automation, system or
    ``elsewhere``: the business, with another tool. ``is_history``: written before
    the account was connected.
    """

    immutable = True

    INBOUND, OUTBOUND = "inbound", "outbound"
    OURS, MADE = "out:", "made:"

    conversation = TenantForeignKey(Conversation, models.PROTECT, related_name="+")
    channel = TenantForeignKey(Channel, models.PROTECT, related_name="+")
    seq = models.BigIntegerField()
    direction = models.CharField(max_length=8)
    type = models.CharField(max_length=24)
    text = models.TextField(blank=True)
    content = DocumentField(default=dict)
    external_id = models.CharField(max_length=300)
    reply_to_id = models.CharField(max_length=24, blank=True)
    reply_to_external_id = models.CharField(max_length=300, blank=True)
    forwarded = models.BooleanField(default=False)
    is_history = models.BooleanField(default=False)
    referral = DocumentField(null=True)
    error = DocumentField(null=True)
    attachment_count = models.IntegerField(default=0)
    sender_kind = models.CharField(max_length=12)
    sender_id = models.CharField(max_length=24, blank=True)
    sender_name = models.CharField(max_length=200, blank=True)
    provider_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "messages"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "channel", "external_id"], name="message_once"
            ),
            models.UniqueConstraint(fields=["tenant", "conversation", "seq"], name="message_order"),
        ]


class MessageUpdate(TenantModel):
    """Something that happened to a message: a status, a reaction, an edit, its revocation, a phase of a call.

    ``external_id`` is the provider's id of the message; ``message_id`` is empty
    while that message is not known yet (a status may overtake our own record of
    the send) and filled when it is. ``key`` recognises a repetition. ``text`` and
    ``detail`` say what an edit made of it; ``detail`` is a status's pricing, a
    call's phase. A ``read_to`` stands for all messages up to its own. An ``echo``
    waits for the end of a send of ours that it may be of (``external_id`` names
    the conversation); it becomes a message, or part of that one. ``moderated``: the business
    hid a comment, showed it again or deleted it (``detail``: ``is_hidden``, ``is_deleted``).
    """

    STATUS, REACTION, EDIT, REVOKE = "status", "reaction", "edit", "revoke"
    READ_TO, CALL, ECHO, MODERATED = "read_to", "call", "echo", "moderated"

    channel = TenantForeignKey(Channel, models.PROTECT, related_name="+")
    message_id = models.CharField(max_length=24, blank=True)
    external_id = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=400)
    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=12, blank=True)
    emoji = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    actor_kind = models.CharField(max_length=12, blank=True)
    actor_id = models.CharField(max_length=24, blank=True)
    error = DocumentField(null=True)
    detail = DocumentField(null=True)
    provider_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "message_updates"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "channel", "key"], name="update_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "message_id", "id"], name="update_message"),
            models.Index(
                fields=["tenant", "channel", "external_id", "message_id"], name="update_orphan"
            ),
        ]
