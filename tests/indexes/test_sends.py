"""A turn of many conversations reads by index, however much has been sent before."""

from kernel.work.lanes import Lease
from messaging.dispatch.heads import heads_of, ready_sends
from messaging.models import Delivery
from tests import factories
from tests.indexes.test_hot_work import indexed


def test_the_heads_of_many_lanes_and_what_belongs_to_them(shop):
    talks = shop.conversations[:16]
    made = [factories.outbound(t, seq=900_000 + n)[1].pk for t in talks for n in range(3)]
    tenant = shop.world.tenant.pk
    leases = [Lease(id=None, kind="send", key=f"{tenant}:conversation:{talk.pk}", tenant_id=tenant,
                    fence=1, rev=0, held="", lease_s=60) for talk in talks]  # fmt: skip
    try:
        heads = indexed(lambda: heads_of(leases))
        assert [head.delivery.pk for head in heads] == made[::3]
        assert all(head.more and head.is_fresh for head in heads)
        indexed(lambda: ready_sends(heads), slack=20)
    finally:
        Delivery.objects.filter(pk__in=made).delete()
