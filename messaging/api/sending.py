"""The shape of a message that is to be sent, and the draft that it becomes."""

from typing import Any

from rest_framework import serializers

from config.api.fields import Choice, Flag, Id, Text
from config.api.serializers import Body
from messaging.api.interactive import (
    LINK,
    LONG,
    ContactsBody,
    InteractiveBody,
    LocationBody,
    listed,
)
from messaging.services.drafts import MEDIA_TYPES, Draft

TYPES = ["text", *MEDIA_TYPES, "location", "contacts", "interactive", "template", "reaction",
         "share", "comment"]  # fmt: skip
WORDED = ("text", "comment")


class FileBody(Body):
    """Either ``media_id`` (of an upload, or of a file in a message) or ``link``."""

    media_id = Id(required=False)
    link = Text(required=False, max_length=LINK)
    caption = Text(required=False, max_length=LONG, allow_blank=True)
    filename = Text(required=False, max_length=LONG, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("media_id" in attrs) == ("link" in attrs):
            raise serializers.ValidationError("Either media_id or link.", code="one_of")
        return attrs


class PictureBody(FileBody):
    """As a file; or ``images``, several in one message, where the channel takes that."""

    images = serializers.ListField(
        child=FileBody(), required=False, min_length=1, max_length=100,
        help_text="Of Instagram: up to ten of `{media_id}` or `{link}`.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "images" not in attrs:
            return super().validate(attrs)
        if {"media_id", "link"} & set(attrs):
            raise serializers.ValidationError("Either one file or images.", code="one_of")
        return attrs


class AudioBody(FileBody):
    voice = Flag(required=False, help_text="Shown as a voice message; the file is Opus in Ogg.")


class StickerBody(FileBody):
    """A file, or the ``name`` of one that the channel itself has."""

    name = Text(required=False, max_length=40, help_text="Such as `like_heart` on Instagram.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len({"media_id", "link", "name"} & set(attrs)) != 1:
            raise serializers.ValidationError("Either media_id or link, or a name.", code="one_of")
        return attrs


class ShareBody(Body):
    media_id = Text(max_length=LONG, help_text="The channel's own id of the post.")


class TemplateBody(Body):
    name = Text(max_length=LONG)
    language = Text(max_length=40)
    header = serializers.JSONField(
        required=False,
        help_text="A text, or `{type: {…}}` for an image, video, document, location, product; "
        "a file is `{media_id}` or `{link}`.",
    )
    body = serializers.JSONField(
        required=False, help_text="The parameters: a list by position, an object by name."
    )
    buttons = serializers.ListField(
        child=serializers.JSONField(), required=False, max_length=20,
        help_text="Values for the buttons that take one: `{type, index, …}` with `text` (url, otp), "
        "`payload` (quick_reply), `coupon_code` (copy_code), `token` and `data` (flow), "
        "`thumbnail_product_retailer_id` and `sections` (catalog, mpm).",
    )  # fmt: skip
    cards = listed("Of a carousel, for each card: `{header, body, buttons}`.")
    limited_time_offer = serializers.DictField(
        required=False, help_text="`{expiration_time_ms}`: when the offer ends."
    )
    tap_target_configuration = serializers.DictField(
        required=False, help_text="`{url, title}`: what a tap on the message opens."
    )
    order_status = serializers.DictField(required=False, help_text="`{reference_id, order}`.")


class ReactionBody(Body):
    message_id = Id(help_text="The message to react to.")
    emoji = Text(max_length=LONG, allow_blank=True, help_text="Empty takes the reaction away.")


class NewMessage(Body):
    """``type`` and the object that is named as the type; a text and a comment have ``text``."""

    type = Choice(choices=TYPES)
    text = Text(required=False, max_length=LONG, allow_blank=True)
    preview_url = Flag(required=False, help_text="Show a preview of the first link in the text.")
    image = PictureBody(required=False)
    audio = AudioBody(required=False)
    video = FileBody(required=False)
    document = FileBody(required=False)
    sticker = StickerBody(required=False)
    location = LocationBody(required=False)
    contacts = ContactsBody(required=False)
    interactive = InteractiveBody(required=False)
    template = TemplateBody(required=False)
    reaction = ReactionBody(required=False)
    share = ShareBody(required=False)
    reply_to_id = Id(
        required=False,
        help_text="A message of this conversation's contact. A text that replies to a comment goes "
        "to its author in private; a `comment` stands under it for all to see.",
    )
    expected_last_message_id = Id(
        required=False, help_text="Refuse the send if this is no longer the last message."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        problems = {}
        said = "text" if attrs["type"] in WORDED else attrs["type"]
        for name in TYPES:
            if (name in attrs) != (name == said):
                wanted = name == said
                text = f"A message of type {attrs['type']} has {'this' if wanted else 'no such'} field."
                code = "required" if wanted else "unexpected"
                problems[name] = [serializers.ErrorDetail(text, code=code)]
        if "preview_url" in attrs and attrs["type"] != "text":
            text = "Only a text has a preview."
            problems["preview_url"] = [serializers.ErrorDetail(text, code="unexpected")]
        if attrs["type"] == "comment" and "reply_to_id" not in attrs:
            text = "A comment answers a comment."
            problems["reply_to_id"] = [serializers.ErrorDetail(text, code="required")]
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


def draft_of(body: dict[str, Any]) -> Draft:
    """The draft that a checked body describes."""
    kind = body["type"]
    return Draft(
        type=kind,
        text=body.get("text", ""),
        body=dict(body[kind]) if kind not in WORDED else {},
        preview_url=body.get("preview_url", False),
        reply_to_id=body.get("reply_to_id", ""),
    )
