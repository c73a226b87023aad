"""A tenant is closed by staff, by an erasure, by an import: none of them undoes another."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from archives.models import Erasure
from archives.services.erasures import ask_erasure, cancel_erasure
from archives.services.importing import turn
from archives.services.imports import begin_import
from archives.tests.lived import exported, fetched
from kernel.models import DomainEvent
from tenants.errors import ErasureOpen, TenantIncomplete
from tenants.models import Tenant
from tenants.services.closing import close, lift
from tenants.services.tenant import resume_tenant, suspend_tenant
from tests import factories
from tests.inbound import work_off


def now_of(world) -> tuple[str, set[str]]:
    tenant = Tenant.objects.get(pk=world.tenant.pk)
    assert (tenant.suspended_at is None) == (tenant.status == "active")
    return tenant.status, set(tenant.closed_by)


def ask(world) -> Erasure:
    with factories.inside(world):
        return ask_erasure(slug=world.tenant.slug)


def cancel(world, erasure: Erasure) -> None:
    cancel_erasure(erasure_id=erasure.pk, user_id=world.user.pk)


def suspend(world) -> Tenant:
    with factories.inside(world):
        return suspend_tenant(tenant=Tenant.objects.get(pk=world.tenant.pk), reason="unpaid")


def resume(world) -> Tenant:
    with factories.inside(world):
        return resume_tenant(tenant=Tenant.objects.get(pk=world.tenant.pk), reason="paid")


def told(world) -> list[str]:
    """What was said of opening and closing, in order."""
    with factories.inside(world):
        rows = DomainEvent.objects.filter(type__in=["tenant.suspended", "tenant.resumed"])
        return list(rows.order_by("id").values_list("type", flat=True))


def test_staff_cannot_open_a_tenant_that_is_to_be_erased(world):
    erasure = ask(world)
    with pytest.raises(ErasureOpen):
        resume(world)
    assert now_of(world) == ("suspended", {"erasure"})
    cancel(world, erasure)
    assert now_of(world) == ("active", set())
    assert told(world) == ["tenant.suspended", "tenant.resumed"]


def test_a_suspension_during_an_erasure_outlasts_its_cancelling(world):
    erasure = ask(world)
    shown = suspend(world)
    assert (shown.status, set(shown.closed_by)) == ("suspended", {"staff", "erasure"})
    with pytest.raises(ErasureOpen):
        resume(world)
    cancel(world, erasure)
    assert now_of(world) == ("suspended", {"staff"})
    assert resume(world).status == "active"
    assert now_of(world) == ("active", set())
    assert told(world) == ["tenant.suspended", "tenant.resumed"]


def test_a_suspension_before_an_erasure_outlasts_its_cancelling(world):
    suspend(world)
    at = Tenant.objects.get(pk=world.tenant.pk).suspended_at
    erasure = ask(world)
    assert now_of(world) == ("suspended", {"staff", "erasure"})
    cancel(world, erasure)
    assert now_of(world) == ("suspended", {"staff"})
    assert Tenant.objects.get(pk=world.tenant.pk).suspended_at == at
    resume(world)
    assert told(world) == ["tenant.suspended", "tenant.resumed"]


def test_staff_open_nothing_that_an_import_still_fills_and_may_keep_it_closed(world, tmp_path):
    path = fetched(exported(world), tmp_path)
    row = begin_import(person=world.user, path=path, slug=f"i-{factories.digits(9)}", at_once=True)
    while not Tenant.objects.filter(pk=row.new_tenant_id).exists():
        assert turn(row)
    world.tenant = Tenant.objects.get(pk=row.new_tenant_id)
    assert now_of(world) == ("suspended", {"import"})
    with pytest.raises(TenantIncomplete):
        resume(world)
    suspend(world)
    while turn(row):
        continue
    row.refresh_from_db()
    assert row.phase == "done" and now_of(world) == ("suspended", {"staff"})
    assert resume(world).status == "active"


def test_of_those_who_close_and_open_at_once_nobody_undoes_another(world):
    """Each adds and lifts its own cause again and again; staff's, set in between, stays."""
    id_ = world.tenant.pk

    def again(cause: str) -> None:
        for _ in range(10):
            close(id_, cause)
            lift(id_, cause)

    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(again, cause) for cause in ("erasure", "import")]
        tries.append(pool.submit(close, id_, "staff"))
        assert all(each.exception() is None for each in tries)
    assert now_of(world) == ("suspended", {"staff"})


def test_tenants_that_were_suspended_before_causes_were_kept_get_theirs(world, new_tenant):
    name = import_module("tenants.migrations.0007_closed_by").name_causes
    staffs, asked, both = world, new_tenant(), new_tenant()
    suspend(staffs)
    ask(asked)
    ask(both)
    suspend(both)
    Tenant.objects.filter(pk__in=[w.tenant.pk for w in (staffs, asked, both)]).update(closed_by=[])
    work_off("relay")
    name(apps, type("Editor", (), {"connection": connection}))
    assert now_of(staffs) == ("suspended", {"staff"})
    assert now_of(asked) == ("suspended", {"erasure"})
    assert now_of(both) == ("suspended", {"erasure", "staff"})
