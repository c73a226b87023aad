"""Work that is done later, in one tenant's name with another's rows; sealed values that were moved."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from channels.models import ChannelCredential
from kernel import vault
from kernel.clock import LONG_AGO, now
from kernel.envelope import EnvelopeError
from kernel.models import Lane, TenantKey
from kernel.models.work import WorkItem
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.keys import tenant_key
from kernel.work.drain import drain
from kernel.work.registry import kinds
from tests import factories
from tests.api.conftest import quiet
from tests.probes.conftest import Pair
from tests.probes.populated import BOOKKEEPING, database, documents, rows_of
from tests.probes.test_two_tenants import changed

__all__ = ["quiet"]
ITEMS = [m for m in factories.tenant_models() if issubclass(m, WorkItem)]
# Where the work stands while it is done, in any tenant, and what the feed and the log have of it.
MOVING = BOOKKEEPING | {"domain_events", "feed_states", "reactions"}


def due(kind: str, key: str, tenant_id: str) -> None:
    Lane.objects.create(kind=kind, key=key, tenant_id=tenant_id, due_at=LONG_AGO)


def test_a_lane_with_another_tenants_key_does_nothing(pair: Pair, quiet: None) -> None:
    """A bell of ours with the name of their lane: the items that it would serve are not here."""
    lanes = {row["lane"] for model in ITEMS for row in rows_of(pair.there, model._meta.db_table)}
    keys = {*lanes, *(id_ for ids in pair.there.ids.values() for id_ in ids[:1])}
    before, served = documents(pair.there), 0
    for kind in kinds():
        if kind.name in ("relay", "react", "explode"):
            continue  # their lanes are tenants and subscribers, not things of a tenant
        for key in keys:
            due(kind.name, key, pair.here.world.tenant.pk)
            served += 1
        drain(kind.name, seconds=20)
    Lane.objects.all().delete()
    assert changed(before, documents(pair.there)) == []
    assert served > 100


@pytest.mark.parametrize("model", ITEMS, ids=lambda m: m._meta.label)
def test_an_item_that_names_another_tenants_rows_touches_none_of_them(
    pair: Pair, quiet: None, model: Any, settings: Any
) -> None:
    """As a fault beneath all our doors would leave it: the row is ours, what it refers to is theirs."""
    columns = {f.column: f.related_model._meta.label for f in model._meta.concrete_fields
               if isinstance(f, TenantForeignKey)}  # fmt: skip
    row = rows_of(pair.here, model._meta.db_table)[0]
    swapped = {column: ObjectId(pair.there.ids[label][0]) for column, label in columns.items()}
    state = {"state": WorkItem.READY, "open": True, "due_at": now() - timedelta(seconds=1)}
    theirs = documents(pair.there, without=MOVING)
    with unscoped(Reason.AUDIT_INTEGRITY):
        own = {"_id": row["_id"], "tenantId": row["tenantId"]}
        database()[model._meta.db_table].update_one(own, {"$set": {**swapped, **state}})
    for kind in kinds():
        if kind.name not in ("relay", "react", "explode"):
            due(kind.name, row["lane"], pair.here.world.tenant.pk)
            drain(kind.name, seconds=20)
    Lane.objects.all().delete()
    assert changed(theirs, documents(pair.there, without=MOVING)) == []
    with unscoped(Reason.AUDIT_INTEGRITY):
        database()[model._meta.db_table].replace_one(own, row)


# ------------------------------------------------------------------ sealed values


def test_a_sealed_value_opens_in_its_own_place_only(pair: Pair) -> None:
    theirs = rows_of(pair.there, "channel_credentials")[0]
    sealed = next(row["access_token"] for row in rows_of(pair.there, "channel_credentials")
                  if row["access_token"].count("."))  # fmt: skip
    with tenant_scope(pair.here.world.tenant):
        mine = ChannelCredential.objects.first()
        mine.access_token = sealed
        with pytest.raises((EnvelopeError, vault.NoDataKey)):
            vault.open_field(mine, "access_token")
    with tenant_scope(pair.there.world.tenant):
        # In its own tenant, but in another row, and in another field of the same row.
        other = ChannelCredential(pk="0" * 24, access_token=sealed)
        with pytest.raises(EnvelopeError):
            vault.open_field(other, "access_token")
        moved = ChannelCredential(pk=str(theirs["_id"]), app_secret=sealed)
        with pytest.raises(EnvelopeError):
            vault.open_field(moved, "app_secret")


def test_a_data_key_that_was_copied_opens_nothing(new_tenant: Any) -> None:
    mine, theirs = new_tenant(), new_tenant()
    with factories.inside(mine):
        row = ChannelCredential.objects.get(channel=factories.channel())
    with factories.inside(theirs):
        channel = factories.channel(token="EAAtheirs")
        sealed = ChannelCredential.objects.get(channel=channel).access_token
        assert vault.open_field(ChannelCredential.objects.get(channel=channel), "access_token")
        wrapped = TenantKey.objects.order_by("-id").first().wrapped
        key_id = sealed.split(".")[1]
    with unscoped(Reason.AUDIT_INTEGRITY):
        # The key's row under its own id, but ours: what a copied backup would give.
        database()["tenant_keys"].update_one(
            {"_id": ObjectId(key_id)}, {"$set": {"tenantId": ObjectId(mine.tenant.pk)}}
        )
    with factories.inside(mine):
        row.access_token = sealed
        with pytest.raises(EnvelopeError):
            vault.open_field(row, "access_token")
        assert TenantKey.objects.get(pk=key_id).wrapped == wrapped


parts = st.lists(st.text(st.sampled_from(":%/|a3A"), max_size=6), min_size=1, max_size=4)


@given(parts, parts)
def test_keys_of_caches_and_locks_never_meet(one: list[str], other: list[str]) -> None:
    tenants = "a" * 24, "b" * 24
    keys = []
    for tenant in tenants:
        with tenant_scope(tenant):
            keys += [tenant_key(*one), tenant_key(*other)]
    assert len(set(keys)) == (2 if one == other else 4)
