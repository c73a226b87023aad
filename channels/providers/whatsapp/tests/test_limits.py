"""Each row of the limits' table: the value at the limit passes, one past it is refused by name."""

from functools import partial

import pytest

from channels.providers.contract import InvalidMessage, OutboundMessage, Picture
from channels.providers.whatsapp import limits
from channels.providers.whatsapp.compose import compose
from channels.providers.whatsapp.tests.outbound import CONTENTS, message
from channels.providers.whatsapp.tests.rows import (
    LEAST,
    MOST,
    REQUIRED,
    ROWS,
    Row,
    built,
    named,
    reach,
    sample,
)
from channels.providers.whatsapp.validate import validate, validate_file


def refused(given: OutboundMessage) -> tuple[str, int | None]:
    with pytest.raises(InvalidMessage) as caught:
        validate(given)
    assert caught.value.message
    return caught.value.field, caught.value.limit


@pytest.mark.parametrize("kind", CONTENTS)
def test_the_samples_are_valid(kind: str) -> None:
    assert compose(message(kind))["type"] == kind.split(".")[0]


@pytest.mark.parametrize("row", MOST, ids=named)
def test_what_is_as_long_as_it_may_be_passes_and_one_more_is_refused(
    row: Row,
) -> None:
    kind, field = row
    assert field.most is not None
    fits, _ = built(kind, field, field.most)
    validate(fits)
    compose(fits)
    given, name = built(kind, field, field.most + 1)
    assert refused(given) == (name, field.most)


@pytest.mark.parametrize("row", LEAST, ids=named)
def test_one_less_than_the_least_is_refused(row: Row) -> None:
    kind, field = row
    assert field.least is not None
    validate(built(kind, field, field.least)[0])
    given, name = built(kind, field, field.least - 1)
    where, limit = refused(given)
    assert limit == field.least
    assert where == name or field.together


@pytest.mark.parametrize("row", REQUIRED, ids=named)
def test_what_is_required_is_missed_by_its_name(row: Row) -> None:
    kind, field = row
    if kind == "text":
        assert refused(message("text", {}, text=" ")) == ("text", None)
        return
    content = sample(kind, field.path)
    holder, key, name = reach(content, field.path)
    del holder[key]
    assert refused(message(kind, content))[0] == f"{kind.split('.')[0]}.{name}"


@pytest.mark.parametrize("kind", limits.FILES)
def test_files_as_large_as_they_may_be_pass_and_one_byte_more_is_refused(kind: str) -> None:
    limit = limits.FILES[kind]
    for mime_type in limit.mime_types:
        validate_file(kind, mime_type, limit.max_bytes)
    with pytest.raises(InvalidMessage) as caught:
        validate_file(kind, limit.mime_types[0], limit.max_bytes + 1)
    assert (caught.value.field, caught.value.limit) == (kind, limit.max_bytes)


def test_a_still_sticker_is_smaller_than_a_moving_one_and_both_have_one_side() -> None:
    limit = limits.FILES["sticker"]
    assert (limit.max_bytes_still, limit.max_bytes, limit.side) == (102_400, 512_000, 512)
    told = limits.capabilities()["media"]
    assert told["sticker"].items() >= limit.described.items()
    assert not {"side", "max_bytes_still"} & set(told["image"])
    still, moving = (Picture(width=512, height=512, is_animated=moves) for moves in (False, True))
    for size, picture, past in (
        (102_400, still, None), (102_401, still, 102_400), (102_401, moving, None),
        (512_000, moving, None), (512_001, moving, 512_000),
        (1, Picture(width=513, height=512), 512), (1, Picture(width=512, height=511), 512),
    ):  # fmt: skip
        look = partial(Picture, **vars(picture))
        if past is None:
            validate_file("sticker", "image/webp", size, look)
            continue
        with pytest.raises(InvalidMessage) as caught:
            validate_file("sticker", "image/webp", size, look)
        assert (caught.value.field, caught.value.limit) == ("sticker", past)


def test_a_file_is_opened_only_where_its_picture_matters() -> None:
    def look() -> Picture | None:
        raise AssertionError

    validate_file("image", "image/png", 100, look)
    with pytest.raises(InvalidMessage):
        validate_file("sticker", "image/webp", 500 * limits.KB + 1, look)


def test_a_card_has_at_most_two_line_breaks() -> None:
    content = sample("interactive.carousel", "")
    content["cards"][1]["body"] = "a\nb\nc"
    validate(message("interactive.carousel", content))
    content["cards"][1]["body"] = "a\nb\nc\nd"
    given = message("interactive.carousel", content)
    assert refused(given) == ("interactive.cards.1.body", 2)


def test_a_button_of_a_template_is_at_one_of_ten_places() -> None:
    content = {"name": "note", "language": "en_US"}
    validate(
        message("template", {**content, "buttons": [{"type": "url", "text": "x", "index": 9}]})
    )
    for index in (10, -1, "x"):
        button = {"type": "url", "text": "x", "index": index}
        given = message("template", {**content, "buttons": [button]})
        assert refused(given) == ("template.buttons.0.index", 9)


def test_capabilities_tell_every_row_of_the_table() -> None:
    told = limits.capabilities()["fields"]
    for kind, field in ROWS:
        assert told[kind][field.path]["required"] is field.required
        assert told[kind][field.path].get("max") == field.most
        assert told[kind][field.path].get("min") == field.least
    assert len(ROWS) == sum(len(fields) for fields in told.values())


DOCUMENTED = {
    "text": {"text": 4096},
    "image": {"caption": 1024},
    "video": {"caption": 1024},
    "document": {"caption": 1024},
    "audio": {"caption": 0},
    "sticker": {"caption": 0},
    "location": {"latitude": 90, "longitude": 180},
    "contacts": {"contacts": 257},
    "interactive.buttons": {
        "header.text": 60, "body": 1024, "footer": 60, "buttons": 3, "buttons.*.id": 256,
        "buttons.*.title": 20,
    },
    "interactive.list": {
        "header.text": 60, "body": 4096, "footer": 60, "button": 20, "sections": 10,
        "sections.*.title": 24, "sections.*.rows": 10, "sections.*.rows.*.id": 200,
        "sections.*.rows.*.title": 24, "sections.*.rows.*.description": 72,
    },
    "interactive.cta_url": {"body": 1024, "footer": 60, "button": 20, "header.text": 60},
    "interactive.flow": {"button": 20},
    "interactive.product_list": {"sections": 10, "sections.*.product_items": 30},
    "interactive.catalog": {"body": 1024},
    "interactive.location_request": {"body": 1024},
    "interactive.carousel": {"cards": 10, "cards.*.body": 160, "cards.*.button": 20},
    "template": {
        "name": 512, "header.text": 60, "body.*": 1024, "buttons": 10,
        "buttons.*.coupon_code": 15, "cards": 10,
    },
    "template.alone": {"body.*": 32768},
}  # fmt: skip


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_the_table_has_what_meta_documents(kind: str) -> None:
    assert {path: limits.most(kind, path) for path in DOCUMENTED[kind]} == DOCUMENTED[kind]


def test_sizes_and_types_of_files_are_what_meta_documents() -> None:
    sizes = {kind: limit.max_bytes for kind, limit in limits.FILES.items()}
    assert sizes == {
        "image": 5 * 1024 * 1024,
        "video": 16 * 1024 * 1024,
        "audio": 16 * 1024 * 1024,
        "document": 100 * 1024 * 1024,
        "sticker": 500 * 1024,
    }
    assert limits.capabilities()["media"]["image"]["mime_types"] == ["image/jpeg", "image/png"]


def test_a_limit_that_is_not_in_the_table_cannot_be_read() -> None:
    with pytest.raises(KeyError):
        limits.most("template", "language")
