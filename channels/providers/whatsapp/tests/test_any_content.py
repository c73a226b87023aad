"""Whatever stands in a field: the message is composed or refused by name, and nothing else happens."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.providers.contract import InvalidMessage, OutboundMedia, UnsupportedMessage
from channels.providers.whatsapp.compose import compose
from channels.providers.whatsapp.tests.outbound import CONTENTS, message

LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["https://e.com", "x" * 5000, "image", "buttons", "\ud83d", " a"]),
)  # fmt: skip
ANY = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "link", "id", "image", "x"]), inner)
    ),
    max_leaves=6,
)
MEDIA = st.sampled_from([None, OutboundMedia(provider_id="84", filename="a.pdf")])


def spots(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    found = []
    for key, value in inner:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += spots(value, (*path, key))
    return found


@st.composite
def spoiled(draw: Any) -> tuple[str, dict[str, Any]]:
    """A sample with something else in one or two of its places."""
    kind = draw(st.sampled_from(sorted(CONTENTS)))
    content = deepcopy(CONTENTS[kind])
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(spots(content) or [("type",)]))
        holder = content
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = draw(ANY)
    return kind, content


@settings(max_examples=500, deadline=None)
@given(spoiled(), MEDIA)
def test_any_content_is_composed_or_refused(
    one: tuple[str, dict[str, Any]], media: OutboundMedia | None
) -> None:
    kind, content = one
    try:
        body = compose(message(kind, content, media=media))
    except InvalidMessage as error:
        assert error.field.startswith(kind.split(".")[0])
        assert error.message
    except UnsupportedMessage:
        assert kind.startswith("interactive")
    else:
        assert json.dumps(body, ensure_ascii=False).encode()
