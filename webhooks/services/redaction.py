"""Taking out of raw bodies what is one tenant's, or one person's in it; others' parts stay as they came.

A body is cut into parts as it is cut into items (``webhooks.parts``), and a part is whose address it
came for at that time (``channels.holders``). What is nobody's yet waits, whoever it names. Inside a
part lists hold independent things: the smallest such thing that names the person goes.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from channels.holders import KINDS, NOBODY, Address, Holders, own_addresses
from channels.models import Channel
from kernel.mongo.doors import ObjectId, collection
from kernel.scoping import active_tenant_id
from webhooks.models import WebhookDelivery
from webhooks.parts import GONE, Choice, Part, chosen, parts_of

PAGE = 200
REASON = "erased"
Row = dict[str, Any]
Seen = tuple[str, int, int]
LONGEST, SHORTEST, MOST_NAMES = 40, 5, 500


def redact_person(
    values: Collection[str], *, after: str = "", until: ObjectId | None = None
) -> Seen:
    """Take what names one of the values out of the active tenant's parts of a page of deliveries.

    Returns where to go on from (empty at the end), how many deliveries were seen, how many changed.
    What is not routed yet is left to be routed.
    """
    rows, following = _page(after, until)
    wanted, needles = frozenset(values), [value.encode() for value in values]
    named = [row for row in rows if row["state"] == WebhookDelivery.DONE
             and any(needle in bytes(row["body"]) for needle in needles)]  # fmt: skip

    def kept(tree: Any) -> Any:
        if isinstance(tree, bytes):  # it cannot be read as a tree, so it goes whole
            return GONE if any(needle in tree for needle in needles) else tree
        return without(tree, wanted)

    def choose_in(row: Row, mine: "Mine") -> Choice:
        return lambda part: kept(part.tree) if mine.has(row, part) else part.tree

    return following, len(rows), _redact(named, choose_in, drop=False)


def redact_tenant(*, after: str = "") -> Seen:
    """Take the active tenant's parts out of a page of deliveries, those too that wait to be routed.

    A delivery of which nothing is left goes. Returns what ``redact_person`` does.
    """
    rows, following = _page(after, None)
    needles = [value.encode() for _, value in own_addresses()]
    own = {f"channel:{id_}" for id_ in Channel.objects.values_list("pk", flat=True)}
    named = [row for row in rows if row["source"] in own or not row["body"]
             or any(needle in bytes(row["body"]) for needle in needles)]  # fmt: skip
    return following, len(rows), _redact(named, _all_of(waiting=True), drop=True)


def redact_deliveries(ids: Collection[str]) -> int:
    """Take the active tenant's routed parts out of these deliveries; those with nothing left go."""
    where = {"_id": {"$in": [ObjectId(id_) for id_ in ids if ObjectId.is_valid(id_)]},
             "state": WebhookDelivery.DONE}  # fmt: skip
    rows = list(collection(WebhookDelivery).find(where))
    return _redact(rows, _all_of(waiting=False), drop=True)


def _all_of(*, waiting: bool) -> Any:
    def choose_in(row: Row, mine: "Mine") -> Choice:
        return lambda part: GONE if mine.has(row, part, waiting=waiting) else part.tree

    return choose_in


def _page(after: str, until: ObjectId | None) -> tuple[list[Row], str]:
    where: dict[str, Any] = {"_id": {"$gt": ObjectId(after)} if after else {"$exists": True}}
    if until is not None:
        where["_id"]["$lte"] = until
    options: dict[str, Any] = {"sort": [("_id", 1)], "limit": PAGE, "batch_size": PAGE + 1}
    rows = list(collection(WebhookDelivery).find(where, **options))
    return rows, str(rows[-1]["_id"]) if len(rows) == PAGE else ""


def _redact(rows: list[Row], choose_in: Any, *, drop: bool) -> int:
    mine = Mine(part for row in rows for part in [_origin(row), *parts_of(bytes(row["body"]))])
    return sum(_redact_one(row, choose_in, mine, drop=drop) for row in rows)


def _redact_one(row: Row, choose_in: Any, mine: "Mine", *, drop: bool) -> int:
    """Compare and set: two who take their own out of one body both do."""
    current: Row | None = row
    while current is not None:
        body = bytes(current["body"])
        choose = choose_in(current, mine)
        kept = chosen(body, choose)
        is_over = not body and drop and choose(_origin(current)) is GONE
        if kept == body and not is_over:
            return 0
        if _is_written(current, kept, drop=drop):
            return 1
        current = collection(WebhookDelivery).find_one({"_id": row["_id"]})
    return 0


def _origin(row: Row) -> Part:
    """What is left to tell of a delivery whose body is empty: the account that it came for."""
    return Part(str(row.get("origin") or "").partition(":")[2])


def _is_written(row: Row, kept: bytes, *, drop: bool) -> bool:
    where = {name: row[name] for name in ("_id", "state", "body")}
    if drop and not kept:
        return bool(collection(WebhookDelivery).delete_one(where).deleted_count)
    change: Row = {
        "$set": {"body": kept},
        "$push": {"problems": {"position": -1, "reason": REASON}},
    }
    if drop:
        left = {parked_as(address) for part in parts_of(kept) for address in part.addresses}
        change["$set"]["parked"] = [name for name in row.get("parked") or [] if name in left]
    return bool(collection(WebhookDelivery).update_one(where, change).matched_count)


def parked_as(address: Address) -> str:
    """How a delivery names an address that its items wait for."""
    return ":".join(address)[:120]


class Mine:
    """Which of some parts are the active tenant's."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._tenant = active_tenant_id()
        self._holders = Holders({address for part in parts for address in _names_of(part)})
        self._channels = set(Channel.objects.values_list("pk", flat=True))

    def has(self, row: Row, part: Part, *, waiting: bool = False) -> bool:
        """Whether the part of this delivery is; with ``waiting`` also one that is not routed yet."""
        kind, _, channel_id = str(row["source"]).partition(":")
        if kind == "channel":  # proved by the secret of one tenant's own app: that tenant said it
            return channel_id in self._channels
        holders = {self._holder(row, address, waiting) for address in _names_of(part)}
        if not part.addresses:  # words and people's numbers are nobody's address
            holders.discard(NOBODY)
        return holders == {self._tenant}

    def _holder(self, row: Row, address: Address, waiting: bool) -> str:
        parked = parked_as(address) in (row.get("parked") or [])
        if row["state"] == WebhookDelivery.NEW or parked:
            return self._holders.of_waiting(address) if waiting else NOBODY
        moment: datetime = row["received_at"]
        return self._holders.at(address, moment.replace(tzinfo=UTC))


def _names_of(part: Part) -> frozenset[Address]:
    """The part's addresses; of what cannot be cut, whatever in it could be one."""
    if part.addresses:
        return part.addresses
    found: set[str] = set()
    for leaf in _leaves([part.account, part.tree]):
        if leaf.isdigit() and SHORTEST <= len(leaf) <= LONGEST and len(found) < MOST_NAMES:
            found.add(leaf)
    return frozenset((kind, value) for kind in KINDS for value in found)


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _leaves(inner)
    elif isinstance(node, str | int) and not isinstance(node, bool):
        yield str(node)


def without(tree: Any, values: frozenset[str]) -> Any:
    """The tree without what names one of the values; ``GONE`` if nothing is left that says anything."""
    kept = _without(tree, values)
    if kept is GONE or kept == tree:
        return kept if kept is GONE else tree
    return kept if _is_full(kept) else GONE


def without_forgotten(body: bytes, forgotten: Mapping[Address, Collection[str]]) -> bytes:
    """The body without what names people who were forgotten where these addresses lead to.

    Only in the parts of that address: a sibling that names the same person is another's.
    """

    def choose(part: Part) -> Any:
        said = (value for address in part.addresses for value in forgotten.get(address, ()))
        return without(part.tree, frozenset(said))

    return chosen(body, choose)


def _without(node: Any, values: frozenset[str]) -> Any:
    if isinstance(node, dict):
        kept = {name: _without(inner, values) for name, inner in node.items()}
        return GONE if any(inner is GONE for inner in kept.values()) else kept
    if isinstance(node, list):
        return [inner for inner in (_without(each, values) for each in node) if inner is not GONE]
    return GONE if _names(node, values) else node


def _names(leaf: Any, values: frozenset[str]) -> bool:
    is_word = isinstance(leaf, str | int) and not isinstance(leaf, bool)
    return is_word and str(leaf).removeprefix("+") in values


def names_any(node: Any, values: frozenset[str]) -> bool:
    """Whether a document says one of the values anywhere."""
    if isinstance(node, dict):
        return any(names_any(inner, values) for inner in node.values())
    if isinstance(node, list):
        return any(names_any(inner, values) for inner in node)
    return _names(node, values)


def _is_full(thing: Any) -> bool:
    """A change whose messages are all gone says nothing any more."""
    value = thing.get("value") if isinstance(thing, dict) else None
    if not isinstance(value, dict):
        return True
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    return not lists or any(lists)


# What a provider calls the parts of an item by which it names a message or a person.
PERSONAL = frozenset({"id", "mid", "from", "wa_id", "user_id", "recipient_id"})


def personal_values(node: Any, name: str = "") -> set[str]:
    """The ids of messages and people that an item's body says."""
    if isinstance(node, dict):
        return {value for key, inner in node.items() for value in personal_values(inner, key)}
    if isinstance(node, list):
        return {value for inner in node for value in personal_values(inner, name)}
    return {str(node)} if name in PERSONAL and isinstance(node, str | int) else set()
