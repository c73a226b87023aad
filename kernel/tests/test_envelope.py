"""Sealed values open in their own place, with their own key, and nowhere else."""

import base64

import pytest

from kernel.envelope import (
    KeyRing,
    Tampered,
    UnknownKey,
    WeakKey,
    needs_rewrap,
    new_data_key,
    new_ring_entry,
    open_sealed,
    rewrap,
    seal,
    sealed_key_id,
    unwrap,
    wrap,
)

PLACE = {"tenant": "t1", "collection": "channels", "object_id": "c1", "field": "token"}


@pytest.mark.parametrize("plaintext", [b"", b"\x00\xff", "EAAB-grüße", "x" * 100_000])
@pytest.mark.parametrize("key_id", ["", "d2"])
def test_sealed_value_opens_in_its_place(plaintext: bytes | str, key_id: str) -> None:
    key = new_data_key()
    token = seal(key, plaintext, **PLACE, key_id=key_id)
    expected = plaintext.encode() if isinstance(plaintext, str) else plaintext
    assert open_sealed(key, token, **PLACE) == expected
    assert sealed_key_id(token) == key_id
    assert seal(key, plaintext, **PLACE, key_id=key_id) != token


@pytest.mark.parametrize("part", PLACE)
def test_value_moved_to_another_place_does_not_open(part: str) -> None:
    key = new_data_key()
    token = seal(key, "secret", **PLACE)
    with pytest.raises(Tampered):
        open_sealed(key, token, **(PLACE | {part: "other"}))


def test_places_that_join_to_the_same_text_are_different() -> None:
    key = new_data_key()
    token = seal(key, "x", tenant="a", collection="b|c", object_id="d", field="e")
    with pytest.raises(Tampered):
        open_sealed(key, token, tenant="a|b", collection="c", object_id="d", field="e")
    token = seal(key, "x", tenant="ab", collection="c", object_id="d", field="e")
    with pytest.raises(Tampered):
        open_sealed(key, token, tenant="a", collection="bc", object_id="d", field="e")


def test_every_changed_byte_is_noticed() -> None:
    key = new_data_key()
    version, key_id, encoded = seal(key, "ab", **PLACE, key_id="d1").split(".")
    raw = base64.urlsafe_b64decode(encoded + "==")
    for index in range(len(raw)):
        changed = bytearray(raw)
        changed[index] ^= 1
        text = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        with pytest.raises(Tampered):
            open_sealed(key, f"{version}.{key_id}.{text}", **PLACE)
    for token in (f"{version}.d2.{encoded}", f"{version}.{encoded}", f"v2.d1.{encoded}"):
        with pytest.raises(Tampered):
            open_sealed(key, token, **PLACE)
    with pytest.raises(Tampered):
        open_sealed(new_data_key(), f"{version}.{key_id}.{encoded}", **PLACE)


@pytest.mark.parametrize("token", ["", "v1", "v1.", "v1..", "v1.a.b.c", "v1.*", "v1.ä", "plain"])
def test_text_that_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(Tampered):
        open_sealed(new_data_key(), token, **PLACE)


@pytest.mark.parametrize("part", PLACE)
def test_value_without_a_complete_place_is_not_sealed(part: str) -> None:
    with pytest.raises(ValueError):
        seal(new_data_key(), "x", **(PLACE | {part: ""}))


def test_rotation_rewraps_the_data_key_and_leaves_values_alone() -> None:
    old_entry, new_entry = new_ring_entry("k1"), new_ring_entry("k2")
    old, both = KeyRing.from_env(old_entry), KeyRing.from_env(f"{new_entry}, {old_entry}")
    new = KeyRing.from_env(new_entry)
    key = new_data_key()
    token = seal(key, "secret", **PLACE)
    wrapped = wrap(old, key, b"t1")
    assert needs_rewrap(both, wrapped) and not needs_rewrap(old, wrapped)
    rotated = rewrap(both, wrapped, b"t1")
    assert not needs_rewrap(both, rotated) and rewrap(both, rotated, b"t1") == rotated
    assert open_sealed(unwrap(new, rotated, b"t1"), token, **PLACE) == b"secret"
    with pytest.raises(UnknownKey) as caught:
        unwrap(new, wrapped, b"t1")
    assert caught.value.key_id == "k1"


def test_data_key_moved_to_another_tenant_does_not_unwrap() -> None:
    ring = KeyRing.from_env(f"{new_ring_entry('k2')},{new_ring_entry('k1')}")
    wrapped = wrap(ring, new_data_key(), b"t1")
    for changed, aad in ((wrapped, b"t2"), (wrapped.replace(".k2.", ".k1."), b"t1")):
        with pytest.raises(Tampered):
            unwrap(ring, changed, aad)
    for text in ("", "w1.k2", "w1.k2.", "v1" + wrapped[2:]):
        with pytest.raises(Tampered):
            unwrap(ring, text, b"t1")


def _entry(key: bytes) -> str:
    return "k1:" + base64.b64encode(key).decode()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (_entry(bytes(range(16))), "has 16 bytes"),
        (_entry(bytes(range(33))), "has 33 bytes"),
        (_entry(b"\0" * 32), "not random"),
        (_entry(b"\xff\xfe" * 16), "not random"),
        (_entry(b"correct horse battery staple 123"), "not random"),
        ("k1:not base64!", "not base64"),
    ],
)
def test_weak_key_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(WeakKey, match=sentence) as caught:
        KeyRing.from_env(text)
    assert text.partition(":")[2] not in str(caught.value)


def test_malformed_ring_is_refused() -> None:
    entry = new_ring_entry("k1")
    for text in ("", ",", "k1", ":" + entry[3:], "k 1:" + entry[3:], f"{entry},{entry}"):
        with pytest.raises(ValueError):
            KeyRing.from_env(text)
    with pytest.raises(WeakKey, match="same key"):
        KeyRing.from_env(f"{entry},k2:{entry[3:]}")


def test_ring_does_not_show_its_keys() -> None:
    ring = KeyRing.from_env(new_ring_entry("k1"))
    assert repr(ring) == "KeyRing(current='k1')"
