"""Pages: nothing skipped, nothing twice, while the list grows; a token opens its own list only."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from conversations.models import Conversation
from crm.models import Contact
from kernel.clock import now
from kernel.mongo.rows import insert_rows
from kernel.mongo.wire import wire_log
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import member, signed_in


def walk(caller: Caller, path: str, limit: int, between: Any = None, **query: Any) -> list[str]:
    seen: list[str] = []
    following = None
    for _ in range(100):
        cursor = {"cursor": following} if following else {}
        answer = caller.get(path, limit=limit, **query, **cursor).json()
        seen += [row["id"] for row in answer["results"]]
        following = answer["next"]
        if following is None:
            return seen
        if between:
            between()
    raise AssertionError("the list does not end")


def test_messages_are_paged_while_new_ones_arrive(world: Any, owner: Caller, thread: Any) -> None:
    with factories.inside(world):
        rows = [factories.message(thread, seq=n) for n in range(2, 12)]
    expected = [row.pk for row in reversed(rows)]
    arriving = iter(range(100, 200))

    def arrive() -> None:
        with factories.inside(world):
            factories.message(thread, seq=next(arriving))

    seen = walk(owner, f"conversations/{thread.pk}/messages", 3, arrive)
    assert seen[:10] == expected
    assert len(seen) == len(set(seen)) == 11


def test_of_two_thousand_rows_those_that_stay_are_each_seen_once(
    world: Any, owner: Caller, record_property: Callable[[str, Any], None]
) -> None:
    """While the list is paged, rows come in front of, behind and between what was read, and others go."""
    with factories.inside(world):
        rows = [Contact(name=f"Contact {n}") for n in range(2_000)]
        insert_rows(rows)
    stable = {row.pk for row in rows[::2]}
    going, came = iter([row.pk for row in rows[1::2]][::-2]), 0

    def change() -> None:
        nonlocal came
        with factories.inside(world):
            insert_rows([Contact(name="New") for _ in range(20)])
            came += 20
            gone = list(itertools.islice(going, 60))
            assert Contact.objects.filter(pk__in=gone).delete()[0] == len(gone)

    seen = walk(owner, "contacts", 200, change)
    assert [pk for pk in seen if pk in stable] == [row.pk for row in reversed(rows[::2])]
    assert len(seen) == len(set(seen))
    record_property("figure", f"paging: {len(stable)} of 2000 rows stayed, {came} came: "
                              "0 skipped, 0 repeated")  # fmt: skip


def test_a_conversation_that_moves_up_disturbs_no_other(world: Any, owner: Caller) -> None:
    """The list is ordered by what happened last: a row may move, and those that do not are each seen once."""
    at = now() - timedelta(days=1)
    with factories.inside(world):
        channel = factories.channel()
        rows = [factories.conversation(on=channel, last_activity_at=at + timedelta(seconds=n))
                for n in range(40)]  # fmt: skip
    moving = iter([*rows[1::4], *rows[3::4]])
    moved = set()

    def move() -> None:
        row = next(moving)
        moved.add(row.pk)
        with factories.inside(world):
            Conversation.objects.filter(pk=row.pk).update(last_activity_at=now())

    seen = walk(owner, "conversations", 3, move)
    stayed = [row.pk for row in reversed(rows) if row.pk not in moved]
    assert [pk for pk in seen if pk not in moved] == stayed
    assert len(seen) == len(set(seen))
    assert len(moved) >= 10 and len(stayed) >= 20


def test_conversations_with_the_same_time_are_paged_by_their_ids(world: Any, owner: Caller) -> None:
    with factories.inside(world):
        channel = factories.channel()
        first = factories.conversation(on=channel)
        rows = [factories.conversation(on=channel, last_activity_at=first.last_activity_at)
                for _ in range(7)]  # fmt: skip
    expected = [row.pk for row in reversed([first, *rows])]
    assert walk(owner, "conversations", 2) == expected
    assert walk(owner, "conversations", 3, status="open,pending") == expected
    assert walk(owner, "conversations", 8) == expected


def test_every_list_is_walked_to_its_end(
    quiet: None, world: Any, owner: Caller, thread: Any
) -> None:
    from kernel.work.drain import drain
    from tests.api.test_shapes import webhook_event

    with factories.inside(world):
        for _ in range(4):
            factories.contact()
            factories.template(thread.channel)
            factories.channel()
    for role in ("agent", "viewer", "admin"):
        member(world, role)
        owner.post("api-keys", {"name": role, "scopes": ["contacts:read"]})
    for _ in range(3):
        webhook_event(world, thread.channel, state="dead")
    drain("relay", seconds=5)
    for path, least in (("contacts", 5), ("channels", 5), ("members", 4), ("api-keys", 3),
                        ("webhook-events", 3), ("audit-log", 8),
                        (f"channels/{thread.channel_id}/templates", 4)):  # fmt: skip
        one_by_one, at_once = walk(owner, path, 1), walk(owner, path, 200)
        assert one_by_one == at_once, path
        assert len(set(at_once)) == len(at_once) >= least, path


def test_a_token_opens_only_the_list_it_came_from(
    world: Any, owner: Caller, new_tenant: Any
) -> None:
    with factories.inside(world):
        for _ in range(3):
            factories.conversation()
    token = owner.get("conversations", limit=1).json()["next"]
    other = new_tenant()
    stranger = signed_in(other.user, other.tenant)
    tampered = ("A" if token[0] != "A" else "B") + token[1:]
    for refused in (
        owner.get("conversations", cursor=token, status="open"),
        owner.get("contacts", cursor=token),
        owner.get("conversations", cursor=tampered),
        owner.get("conversations", cursor="x" * 5000),
        stranger.get("conversations", cursor=token),
    ):
        assert (refused.status_code, code_of(refused)) == (400, "invalid_cursor")


def reads(caller: Caller, path: str) -> int:
    """How many commands on tenants' collections a request sends."""
    before = len(wire_log.commands)
    assert caller.get(path).status_code == 200
    names = ("find", "aggregate")
    return sum(1 for c in wire_log.commands[before:] if c.name in names)


def test_a_longer_page_costs_no_more_reads(world: Any, owner: Caller, thread: Any) -> None:
    with factories.inside(world):
        thread.assignee = world.owner
        thread.save(update_fields=["assignee"])
        message = factories.message(thread, seq=2, attachment_count=1, type="image")
        factories.item(message_id=message.pk).save(force_insert=True)
    few = reads(owner, "conversations"), reads(owner, f"conversations/{thread.pk}/messages")
    with factories.inside(world):
        for n in range(20):
            factories.conversation(assignee=world.owner)
            message = factories.message(thread, seq=n + 3, attachment_count=1, type="image")
            factories.item(message_id=message.pk).save(force_insert=True)
        assert Conversation.objects.count() == 21
    many = reads(owner, "conversations"), reads(owner, f"conversations/{thread.pk}/messages")
    assert many == few
