"""What the backoffice shows of a tenant's work, over the API: its figures, erasures, imports, retention runs."""

from datetime import datetime, timedelta
from typing import Any

from archives.models import ContactErasure, Import, RetentionRun
from archives.services.retention import begin_run
from archives.tests.lived import live
from config.api import work
from kernel.clock import LONG_AGO, now
from kernel.models import Lane
from kernel.mongo.ids import new_id
from messaging.models import Delivery
from tests import factories
from tests.api.caller import Caller, code_of
from tests.api.conftest import member, signed_in
from tests.inbound import work_off


def delivery(**fields: Any) -> None:
    factories.any_row(Delivery, **fields).save(force_insert=True)


def figures(caller: Caller, name: str = "deliveries") -> dict[str, Any]:
    rows = caller.get("work").json()["results"]
    return next(row for row in rows if row["collection"] == name)


def test_an_admin_reads_what_waits_and_what_is_stuck_of_this_tenant_alone(
    world: Any, new_tenant: Any, monkeypatch: Any
) -> None:
    admin, _ = member(world, "admin")
    empty = {"collection": "deliveries", "waiting": 0, "due_since": None, "parked": 0, "dead": 0,
             "is_at_least": False}  # fmt: skip
    with factories.inside(new_tenant("Globex")):
        delivery(state="dead", open=False)
    assert figures(admin) == empty
    with factories.inside(world):
        delivery(state="ready", due_at=now() - timedelta(seconds=90))
        delivery(state="ready", due_at=now() + timedelta(hours=1))
        for _ in range(3):
            delivery(state="parked")
        delivery(state="dead", open=False)
        delivery(state="done", open=False)
    shown = figures(admin)
    since = datetime.fromisoformat(shown.pop("due_since"))
    assert timedelta(seconds=90) <= now() - since < timedelta(seconds=150)
    empty.pop("due_since")
    assert shown == {**empty, "waiting": 2, "parked": 3, "dead": 1}
    names = [row["collection"] for row in admin.get("work").json()["results"]]
    assert names == sorted(names) and {"webhook_events", "reactions", "exports"} <= set(names)
    monkeypatch.setattr("kernel.backoffice.overview.MOST", 2)
    monkeypatch.setattr(work, "MOST", 2)
    assert (figures(admin)["parked"], figures(admin)["is_at_least"]) == (2, True)
    assert code_of(member(world, "supervisor")[0].get("work")) == "permission_denied"


def test_erasures_of_contacts_are_listed_with_their_certificates(world: Any, owner: Caller) -> None:
    lived = live(world, messages=1)
    asked = owner.post(f"contacts/{lived.contact.pk}/erase").json()
    for _ in range(3):
        work_off("forget", "media")
        Lane.objects.filter(kind="forget", tenant_id=world.tenant.pk).update(due_at=LONG_AGO)
        with factories.inside(world):
            ContactErasure.objects.filter(open=True).update(due_at=LONG_AGO)
    (listed,) = owner.get("contact-erasures").json()["results"]
    assert listed == owner.get(f"contact-erasures/{asked['id']}").json()
    assert listed["state"] == "done" and listed["certificate"]["signature"]
    with factories.inside(world):
        for _ in range(2):
            factories.any_row(ContactErasure, state="dead", open=False).save(force_insert=True)
    page = owner.get("contact-erasures", limit=2).json()
    assert [row["state"] for row in page["results"]] == ["failed", "failed"]
    rest = owner.get("contact-erasures", limit=2, cursor=page["next"]).json()
    assert (rest["results"], rest["next"]) == ([listed], None)
    assert code_of(member(world, "supervisor")[0].get("contact-erasures")) == "permission_denied"


def test_what_each_day_removed_is_listed(world: Any, owner: Caller) -> None:
    assert owner.get("tenant/retention-runs").json() == {"results": [], "next": None}
    owner.patch("tenant/settings", {"retention_days": {"messages": 30, "audit": None}})
    with factories.inside(world):
        begin_run()
    work_off("retention")
    with factories.inside(world):
        RetentionRun.objects.update(removed={"messages": 17})
    (run,) = owner.get("tenant/retention-runs").json()["results"]
    assert (run["state"], run["days"], run["removed"]) == (
        "done", {"messages": 30}, {"messages": 17}
    )  # fmt: skip
    assert run["day"] == run["created_at"][:10] and run["finished_at"]
    refused = member(world, "supervisor")[0].get("tenant/retention-runs")
    assert code_of(refused) == "permission_denied"


def test_a_person_lists_their_own_imports_and_nobody_elses(world: Any, new_tenant: Any) -> None:
    ids = []
    for user, n in ((world.user, 3), (new_tenant().user, 1)):
        rows = [Import.objects.create(user_id=user.pk, slug=f"s-{k}", new_tenant_id=new_id(), path="",
                                      phase="refused", problem="torn", running=False)
                for k in range(n)]  # fmt: skip
        ids.append([row.pk for row in reversed(rows)])
    person = signed_in(world.user)
    page = person.get("tenants/imports", limit=2).json()
    rest = person.get("tenants/imports", limit=2, cursor=page["next"]).json()
    assert [row["id"] for row in page["results"] + rest["results"]] == ids[0]
    assert person.get(f"tenants/imports/{ids[0][0]}").json() == page["results"][0]
    assert Caller().get("tenants/imports").status_code == 401
