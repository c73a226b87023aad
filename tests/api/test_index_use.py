"""Every list and every read behind it is served by an index, also on later pages."""

import json
from typing import Any

from django.db import connection

from archives.models import ContactErasure, RetentionRun
from kernel.mongo.wire import wire_log
from kernel.scoping import Reason, unscoped
from kernel.scoping.registry import is_owned
from kernel.work.drain import drain
from tenants.models import Team
from tests import factories
from tests.api.caller import Caller
from tests.api.conftest import member
from tests.api.test_shapes import webhook_event
from tests.api.test_time_limits import limits_of

MANY, PAGE = 40, 10  # a filter that matches less than a page may as well be sorted


def filled(world: Any, owner: Caller, thread: Any) -> list[str]:
    """More than a page of rows in every list; returns the lists' addresses."""
    with factories.inside(world):
        team = Team.objects.create(name="Sales")
        for n in range(MANY):
            who = {"unread": n % 2 == 0, "assignee": world.owner if n % 4 < 2 else None,
                   "team": team if n % 3 else None}  # fmt: skip
            factories.conversation(on=thread.channel, **who)
            closed = {"with_": thread.contact, "status": "closed", "active": False}
            factories.conversation(on=thread.channel, **closed, **who)
            factories.message(thread, seq=n + 2)
            factories.template(thread.channel)
            factories.contact(phone="5511955501001")
            for work in (ContactErasure, RetentionRun):
                factories.any_row(work).save(force_insert=True)
    for role in ("agent", "viewer", "admin"):
        member(world, role)
        owner.post("api-keys", {"name": role, "scopes": ["contacts:read"]})
    for n in range(MANY):
        webhook_event(world, thread.channel, state="dead" if n % 2 else "done")
    drain("relay", seconds=5)
    return [
        "conversations", "conversations?status=open", "conversations?status=open,closed&unread=true",
        f"conversations?assignee={world.owner.pk}", "conversations?assignee=none",
        f"conversations?team={team.pk}", "conversations?team=none", f"conversations?team={team.pk}&assignee=none",
        f"conversations?channel={thread.channel_id}", f"conversations?contact={thread.contact_id}",
        f"conversations/{thread.pk}/messages", "contacts", "contacts?phone=5511955501001", "channels",
        f"channels/{thread.channel_id}/templates", "members", "api-keys", "webhook-events",
        "webhook-events?state=dead", "webhook-events?state=dead,done", "contact-erasures",
        "tenant/retention-runs", "audit-log", "events",
        "events?after=3", f"audit-log?actor={world.owner.pk}", "audit-log?action=member.added",
        f"audit-log?actor={world.owner.pk}&action=member.added", f"audit-log?target={thread.pk}",
        "audit-log?since=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z",
    ]  # fmt: skip


def test_no_list_scans_or_sorts(quiet: None, world: Any, owner: Caller, thread: Any) -> None:
    for path in filled(world, owner, thread):
        paged = f"{path}{'&' if '?' in path else '?'}limit={PAGE}"
        following = seen(owner, paged).json().get("next")
        if following:
            seen(owner, f"{paged}&cursor={following}")


def seen(owner: Caller, path: str) -> Any:
    """Ask, and explain every aggregation that the answer took."""
    before = len(wire_log.commands)
    answer = owner.call("get", path)
    assert answer.status_code == 200, path
    sent = [
        c for c in wire_log.commands[before:] if c.name == "aggregate" and is_owned(c.collection)
    ]
    assert sent
    limits_of(wire_log.commands[before:])
    for command in sent:
        plan = explained(command)
        # A lookup of one row may sort the one that it found.
        sorts = () if command.body["pipeline"][-1] == {"$limit": 1} else ('"SORT"', '"$sort"')
        for bad in ('"COLLSCAN"', *sorts):
            assert bad not in plan, (
                f"{path}: {command.collection} {command.body['pipeline']}\n{plan}"
            )
    return answer


def explained(command: Any) -> str:
    """The winning plan, as text."""
    body = {"aggregate": command.collection, "pipeline": command.body["pipeline"], "cursor": {}}
    database = connection.connection[connection.settings_dict["NAME"]]
    with unscoped(Reason.AUDIT_INTEGRITY):
        plan = database.command("explain", body, verbosity="queryPlanner")
    stages = plan.get("stages") or [plan]
    planner = stages[0].get("$cursor", stages[0])["queryPlanner"]
    rest = [stage for stage in stages[1:] if set(stage) != {"$project"}]
    return json.dumps([planner["winningPlan"], rest], default=str)
