"""Shapes of messages and files in answers, and of an upload."""

from rest_framework import serializers

from config.api.fields import Id
from config.api.serializers import Body, Shown

STATUSES = ["received", "queued", "unknown", "accepted", "sent", "delivered", "read", "played",
            "failed"]  # fmt: skip


class Upload(Body):
    file = serializers.FileField(help_text="At most 100 MB; its type is told from its bytes.")


class AttachmentShown(Shown):
    id = Id()
    kind = serializers.CharField()
    mime_type = serializers.CharField(allow_blank=True)
    filename = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(allow_null=True, help_text="Bytes.")
    state = serializers.ChoiceField(choices=["pending", "stored", "failed", "removed"])
    url = serializers.URLField(
        allow_null=True, help_text="Serves the file for an hour without any credential."
    )
    thumbnail_url = serializers.URLField(
        allow_null=True,
        help_text="The same for a WebP of at most 320 pixels each way, of an image.",
    )


class SenderShown(Shown):
    kind = serializers.CharField(
        help_text="contact, agent, api_key, automation, system, or elsewhere: "
        "the business, with another tool"
    )
    id = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)


class ErrorShown(Shown):
    code = serializers.IntegerField(help_text="The provider's code; 0 for our own.")
    title = serializers.CharField(allow_blank=True)
    advice = serializers.CharField(allow_blank=True)


class ActorShown(Shown):
    kind = serializers.CharField()
    id = serializers.CharField(allow_blank=True)


class ReactionShown(Shown):
    emoji = serializers.CharField()
    actor = ActorShown()


class EditShown(Shown):
    text = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField(help_text="Since when it said so.")


class MessageShown(Shown):
    """Beside these, the object that is named as the type."""

    id = Id()
    conversation_id = Id()
    channel_id = Id()
    seq = serializers.IntegerField(help_text="Numbers the messages of a conversation.")
    direction = serializers.ChoiceField(choices=["inbound", "outbound"])
    type = serializers.CharField()
    text = serializers.CharField(allow_blank=True, help_text="As its last edit left it.")
    edits = EditShown(many=True, help_text="What it said before, the first wording first.")
    revoked_at = serializers.DateTimeField(
        allow_null=True, help_text="When its author took it back; its words and files are gone."
    )
    attachments = AttachmentShown(many=True)
    reply_to_id = Id(allow_null=True)
    external_id = serializers.CharField(
        allow_null=True, help_text="The provider's id; null until it is known."
    )
    forwarded = serializers.BooleanField()
    is_history = serializers.BooleanField(
        help_text="Written before the account was connected; `provider_at` says when."
    )
    referral = serializers.DictField(allow_null=True, help_text="The advertisement it came from.")
    sender = SenderShown()
    status = serializers.ChoiceField(
        choices=STATUSES, allow_null=True, help_text="Null for calls and notices."
    )
    status_at = serializers.DateTimeField(allow_null=True)
    error = ErrorShown(allow_null=True)
    reactions = ReactionShown(many=True)
    provider_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    image = serializers.DictField(required=False)
    audio = serializers.DictField(required=False)
    video = serializers.DictField(required=False)
    document = serializers.DictField(required=False)
    sticker = serializers.DictField(required=False)
    location = serializers.DictField(required=False)
    contacts = serializers.DictField(required=False)
    button = serializers.DictField(required=False)
    interactive = serializers.DictField(required=False)
    template = serializers.DictField(required=False)
    reaction = serializers.DictField(required=False)
    share = serializers.DictField(required=False)
    unsupported = serializers.DictField(required=False)
    postback = serializers.DictField(required=False)
    comment = serializers.DictField(required=False)
    call = serializers.DictField(required=False)
    system = serializers.DictField(required=False)


class UpdateShown(Shown):
    id = Id()
    kind = serializers.ChoiceField(
        choices=["status", "reaction", "edit", "revoke", "read_to", "call", "moderated"]
    )
    status = serializers.CharField(allow_null=True)
    emoji = serializers.CharField(allow_null=True, allow_blank=True)
    text = serializers.CharField(allow_null=True, allow_blank=True, help_text="Of an edit.")
    phase = serializers.CharField(allow_null=True, help_text="Of a call.")
    actor = ActorShown(allow_null=True)
    error = ErrorShown(allow_null=True)
    provider_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class AttemptShown(Shown):
    n = serializers.IntegerField()
    at = serializers.DateTimeField()
    outcome = serializers.CharField(allow_null=True, help_text="Null while the call is under way.")
    code = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class OneMessageShown(MessageShown):
    updates = UpdateShown(many=True, help_text="All that happened to it, oldest first.")
    attempts = AttemptShown(many=True, help_text="Every call that was made to send it.")
