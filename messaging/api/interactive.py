"""The shapes of what is sent beside texts and files: places, cards, and messages to tap on.

They say which fields there are and of which JSON type. What a kind needs and how long a field may
be is the channel's to say, before anything is stored: see its capabilities.
"""

from typing import Any

from rest_framework import serializers

from config.api.fields import Choice, Id, Text, Whole
from config.api.serializers import Body

LINK, LONG, MANY = 2_000, 100_000, 1_000

KINDS = ["buttons", "list", "cta_url", "flow", "product", "product_list", "catalog",
         "location_request", "contact_request", "voice_call", "call_permission_request", "address",
         "carousel", "quick_replies", "generic"]  # fmt: skip


class Degrees(serializers.FloatField):
    """A number, not a text of one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return float(super().to_internal_value(data))


def listed(help_text: str = "") -> serializers.ListField:
    """A list of objects, whose fields the channel checks."""
    return serializers.ListField(
        child=serializers.DictField(), required=False, max_length=MANY, help_text=help_text
    )


def said(help_text: str = "", limit: int = LONG) -> Text:
    """A text that may be left out."""
    return Text(required=False, max_length=limit, allow_blank=True, help_text=help_text)


class LocationBody(Body):
    latitude = Degrees(help_text="From -90 to 90.")
    longitude = Degrees(help_text="From -180 to 180.")
    name = said()
    address = said()


class ContactsBody(Body):
    contacts = serializers.ListField(
        child=serializers.DictField(), max_length=MANY,
        help_text="Cards: `{name: {formatted_name, first_name, …}, phones: [{phone, type}], "
        "emails, addresses, urls, org, birthday}`.",
    )  # fmt: skip


class HeaderFile(Body):
    """Either ``media_id`` (of an upload) or ``link``."""

    media_id = Id(required=False)
    link = Text(required=False, max_length=LINK)
    filename = said("Of a document.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("media_id" in attrs) == ("link" in attrs):
            raise serializers.ValidationError("Either media_id or link.", code="one_of")
        return attrs


class HeaderBody(Body):
    """One text or one file."""

    type = said("What it holds; need not be said.", 40)
    text = said()
    image = HeaderFile(required=False)
    video = HeaderFile(required=False)
    document = HeaderFile(required=False)


class FlowBody(Body):
    """Either ``id`` or ``name`` of the flow."""

    id = said()
    name = said()
    token = said("Comes back with the answer.")
    mode = said("published or draft", 40)
    action = said("navigate or data_exchange", 40)
    screen = said("The first screen, of a flow that is navigated.")
    data = serializers.DictField(required=False, help_text="For the first screen.")
    version = said("The version of flow messages.", 40)


class AddressBody(Body):
    country = Text(max_length=40, help_text="Two letters.")
    values = serializers.DictField(required=False, help_text="What is filled in already.")
    saved_addresses = listed()
    validation_errors = serializers.DictField(required=False)


class InteractiveBody(Body):
    """``type`` says which of the other fields there are."""

    type = Choice(choices=KINDS)
    header = HeaderBody(required=False)
    body = said("The text.")
    footer = said()
    button = said("The words on the one button, of a list, a cta_url, a flow or a voice_call.")
    ttl_minutes = Whole(required=False, help_text="How long a voice_call can be tapped; 7 days.")
    payload = said("Of a voice_call: comes back with the call.")
    url = said("Of a cta_url.")
    buttons = listed("Of buttons: `{id, title}`.")
    sections = listed("Of a list: `{title, rows: [{id, title, description}]}`; of a "
                      "product_list: `{title, product_items: [{product_retailer_id}]}`.")  # fmt: skip
    flow = FlowBody(required=False)
    catalog_id = said()
    product_retailer_id = said()
    thumbnail_product_retailer_id = said("The product whose picture a catalog shows.")
    address = AddressBody(required=False)
    cards = listed("Of a carousel: `{header: {image: {media_id}}, body, button, url}`, or with "
                   "`buttons`, or `{catalog_id, product_retailer_id}`.")  # fmt: skip
    quick_replies = listed("Of quick_replies: `{title, payload}`.")
    elements = listed("Of generic: `{title, subtitle, image_url, url, buttons}`.")
    products = serializers.ListField(
        child=Text(max_length=LONG), required=False, max_length=MANY,
        help_text="The catalog's ids of products, where the channel takes several.",
    )  # fmt: skip
