"""Limits: exact when many come at once, given back, begun anew each day, set by staff alone."""

import threading
from datetime import timedelta

import pytest

from kernel.clock import now
from kernel.scoping.context import outside_scope
from tenants.access import acting_as_system
from tenants.errors import InvalidFields, LimitReached, PermissionDenied
from tenants.models import Membership, Tenant, Usage
from tenants.services.limits import charge, current_limits, set_limits, use, using
from tenants.services.members import add_member, change_member, remove_member
from tests import factories


@pytest.fixture
def shop(world):
    with factories.inside(world):
        yield world


def limited(shop, **changes):
    with acting_as_system():
        set_limits(tenant=shop.tenant, changes=changes, reason="plan")


def told(shop, name):
    tenant = Tenant.objects.get(pk=shop.tenant.pk)
    return next(one for one in current_limits(tenant) if one.name == name)


def at_once(shop, count, operation):
    gate, results = threading.Barrier(count), []

    def run():
        with factories.inside(shop):
            gate.wait()
            try:
                operation()
                results.append("done")
            except LimitReached as error:
                results.append(error.data["limit"])

    threads = [threading.Thread(target=run) for _ in range(count)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return results


def test_of_forty_at_once_exactly_as_many_get_through_as_are_allowed(shop):
    limited(shop, exports_per_day=7)
    results = at_once(shop, 40, lambda: use("exports_per_day"))
    assert (len(results), results.count("done")) == (40, 7)
    shown = told(shop, "exports_per_day")
    assert (shown.used, shown.limit) == (7, 7)
    assert now() < shown.resets_at <= now() + timedelta(days=1)


def test_seats_are_exact_when_many_are_added_at_once(shop):
    limited(shop, seats=4)
    results = at_once(shop, 12, lambda: add_member(email=factories.person().email, role="agent"))
    assert results.count("done") == 3 and results.count("seats") == 9
    assert Membership.objects.filter(status="active").count() == told(shop, "seats").used == 4
    member = Membership.objects.filter(role="agent").first()
    remove_member(member_id=member.pk)
    add_member(email=factories.person().email, role="agent")
    with pytest.raises(LimitReached):
        change_member(member_id=member.pk, status="active")


def test_a_day_later_it_begins_anew(shop):
    limited(shop, exports_per_day=1)
    use("exports_per_day")
    with pytest.raises(LimitReached) as caught:
        use("exports_per_day")
    assert {"limit", "most", "resets_at"} <= set(caught.value.data)
    yesterday = (now() - timedelta(days=1)).date().isoformat()
    Usage.objects.filter(name="exports_per_day").update(day=yesterday)
    assert told(shop, "exports_per_day").used == 0
    use("exports_per_day")
    assert told(shop, "exports_per_day").used == 1


def test_what_fails_is_given_back(shop):
    limited(shop, exports_per_day=5)
    with pytest.raises(RuntimeError), using("exports_per_day"):
        raise RuntimeError
    assert told(shop, "exports_per_day").used == 0


def test_storage_counts_bytes_and_takes_a_customers_file_over_the_limit(shop):
    limited(shop, storage_bytes=100)
    use("storage_bytes", 60)
    with pytest.raises(LimitReached):
        use("storage_bytes", 60)
    charge("storage_bytes", 60)
    assert told(shop, "storage_bytes").used == 120
    charge("storage_bytes", -1000)
    assert told(shop, "storage_bytes").used == 0


def test_limits_are_set_by_staff_alone_and_by_their_names(shop):
    with pytest.raises(PermissionDenied):
        set_limits(tenant=shop.tenant, changes={"seats": 1}, reason="me")
    for changes in ({"chairs": 1}, {"seats": -1}):
        with pytest.raises(InvalidFields), acting_as_system():
            set_limits(tenant=shop.tenant, changes=changes, reason="x")
    assert told(shop, "seats").limit is None


def test_the_installations_limits_hold_where_the_tenant_has_none_of_its_own(shop, settings):
    settings.TENANT_LIMITS = {**settings.TENANT_LIMITS, "exports_per_day": 1}
    use("exports_per_day")
    with pytest.raises(LimitReached):
        use("exports_per_day")
    limited(shop, exports_per_day=None)
    use("exports_per_day")


def test_another_tenants_use_is_not_mine(shop, new_tenant):
    limited(shop, exports_per_day=1)
    use("exports_per_day")
    with outside_scope():
        other = new_tenant()
        with factories.inside(other):
            use("exports_per_day")
            assert told(other, "exports_per_day").used == 1
