"""The raw doors: nothing on a tenant's collection leaves without the tenant."""

import pytest
from bson import ObjectId
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from kernel.mongo.doors import collection
from kernel.mongo.engine.pipelines import carries
from kernel.mongo.ids import new_object_id
from kernel.mongo.wire import wire_log
from kernel.scoping import NoActiveTenant, Reason, TenantMismatch, unscoped
from kernel.scoping.registry import is_owned
from tests.factories import (
    Contact,
)


def refused(operation):
    """The operation is refused and nothing of it reaches an owned collection."""
    with pytest.raises(TenantMismatch), wire_log.record() as sent:
        operation()
    return [c for c in sent if is_owned(c.collection)] == []


MINE, ANY, THEIRS = "mine", "any", "theirs"


def match(two, whose):
    return {MINE: {"tenantId": two.ours_id}, THEIRS: {"tenantId": two.theirs_id}, ANY: {}}[whose]


PIPELINES = {
    "nothing": lambda two: [],
    "no tenant": lambda two: [{"$match": {"name": "theirs"}}],
    "another tenant": lambda two: [{"$match": {"tenantId": two.theirs_id}}],
    "both": lambda two: [{"$match": {"tenantId": {"$in": [two.ours_id, two.theirs_id]}}}],
    "either": lambda two: [{"$match": {"$or": [{"tenantId": two.ours_id}, {"name": "theirs"}]}}],
    "not ours": lambda two: [{"$match": {"tenantId": {"$ne": two.ours_id}}}],
    "by expression": lambda two: [{"$match": {"$expr": {"$eq": ["$tenantId", two.ours_id]}}}],
    "the tenant as text": lambda two: [{"$match": {"tenantId": two.two.tenant.pk}}],
    "grouped before the filter": lambda two: [{"$group": {"_id": "$tenantId"}}, {"$match": match(two, MINE)}],
    "projected before the filter": lambda two: [{"$project": {"name": 1}}, {"$match": match(two, MINE)}],
    "merge": lambda two: [{"$match": match(two, MINE)}, {"$merge": {"into": "contacts"}}],
    "out": lambda two: [{"$match": match(two, MINE)}, {"$out": "copied"}],
    "graphLookup": lambda two: [
        {"$match": match(two, MINE)},
        {"$graphLookup": {"from": "contacts", "startWith": "$name", "connectFromField": "name",
                          "connectToField": "name", "as": "all"}},
    ],
    "collStats": lambda two: [{"$collStats": {}}, {"$match": match(two, MINE)}],
    "facet with out": lambda two: [
        {"$match": match(two, MINE)}, {"$facet": {"a": [{"$graphLookup": {"from": "contacts"}}]}}
    ],
    "merge inside a union": lambda two: [
        {"$match": match(two, MINE)},
        {"$unionWith": {"coll": "contacts", "pipeline": [{"$out": "copied"}]}},
    ],
    "a join of another database": lambda two: [
        {"$match": match(two, MINE)},
        {"$lookup": {"from": {"db": "other", "coll": "contacts"}, "pipeline": [], "as": "x"}},
    ],
    "a union of no collection": lambda two: [
        {"$match": match(two, MINE)}, {"$unionWith": {"pipeline": []}}
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_that_could_see_past_the_tenant_is_refused(two, name):
    pipeline = PIPELINES[name](two)
    assert refused(lambda: list(collection(Contact).aggregate(pipeline)))


def test_raw_aggregate_is_refused_with_another_tenant_and_answers_with_ours(two):
    assert refused(lambda: list(Contact.objects.raw_aggregate([{"$match": {"name": "theirs"}}])))
    found = list(Contact.objects.raw_aggregate([{"$match": {"tenantId": two.ours_id}}]))
    assert [c.name for c in found] == ["ours"]


def test_a_field_set_before_the_filter_cannot_pretend_a_tenant(two):
    pretend = [{"$set": {"tenantId": two.ours_id}}, {"$match": {"tenantId": two.ours_id}}]
    assert [c["name"] for c in collection(Contact).aggregate(pretend)] == ["ours"]


JOINS = {
    "lookup with fields": [{"$lookup": {"from": "contacts", "localField": "none", "foreignField": "none",
                                        "as": "x"}}],
    "lookup with a pipeline": [{"$lookup": {"from": "contacts", "pipeline": [], "as": "x"}}],
    "lookup inside a lookup": [{"$lookup": {"from": "contacts", "as": "x", "pipeline": [
        {"$lookup": {"from": "contacts", "pipeline": [], "as": "y"}}, {"$unwind": "$y"},
        {"$replaceRoot": {"newRoot": "$y"}}]}}],
    "lookup inside a facet": [{"$facet": {"x": [
        {"$lookup": {"from": "contacts", "pipeline": [], "as": "y"}}, {"$unwind": "$y"},
        {"$replaceRoot": {"newRoot": "$y"}}]}}],
    "lookup through a global collection": [{"$lookup": {"from": "users", "as": "x", "pipeline": [
        {"$limit": 1}, {"$lookup": {"from": "contacts", "pipeline": [], "as": "y"}}, {"$unwind": "$y"},
        {"$replaceRoot": {"newRoot": "$y"}}]}}],
}  # fmt: skip


@pytest.mark.parametrize("name", JOINS)
def test_a_join_sees_only_the_tenants_rows(two, name):
    rows = list(
        collection(Contact).aggregate([{"$match": {"tenantId": two.ours_id}}, *JOINS[name]])
    )
    names = {row["name"] for found in rows for row in found["x"]}
    assert names == {"ours"}


@pytest.mark.parametrize(
    "union", ["contacts", {"coll": "contacts"}, {"coll": "contacts", "pipeline": []}]
)
def test_a_union_sees_only_the_tenants_rows(two, union):
    pipeline = [{"$match": {"tenantId": two.ours_id}}, {"$unionWith": union}]
    assert [row["name"] for row in collection(Contact).aggregate(pipeline)] == ["ours", "ours"]


FINDS = {
    "find": lambda door, where: list(door.find(where)),
    "find_one": lambda door, where: door.find_one(where),
    "count_documents": lambda door, where: door.count_documents(where),
    "distinct": lambda door, where: door.distinct("name", where),
    "update_one": lambda door, where: door.update_one(where, {"$set": {"name": "x"}}),
    "update_many": lambda door, where: door.update_many(where, {"$set": {"name": "x"}}),
    "find_one_and_update": lambda door, where: door.find_one_and_update(where, {"$set": {"name": "x"}}),
    "replace_one": lambda door, where: door.replace_one(where, {"name": "x"}),
    "bulk update": lambda door, where: door.bulk_write([UpdateOne(where, {"$set": {"name": "x"}})]),
    "bulk update of many": lambda door, where: door.bulk_write([UpdateMany(where, {"$set": {"name": "x"}})]),
    "bulk delete": lambda door, where: door.bulk_write([DeleteOne(where)]),
    "bulk delete of many": lambda door, where: door.bulk_write([DeleteMany(where)]),
    "bulk replace": lambda door, where: door.bulk_write([ReplaceOne(where, {"name": "x"})]),
}  # fmt: skip


@pytest.mark.parametrize("name", FINDS)
@pytest.mark.parametrize("whose", [ANY, THEIRS])
def test_a_raw_command_without_the_tenant_is_refused(two, name, whose):
    where = {**match(two, whose), "_id": ObjectId(two.theirs.pk)}
    assert refused(lambda: FINDS[name](collection(Contact), where))


@pytest.mark.parametrize("name", ["delete_one", "delete_many"])
@pytest.mark.parametrize("whose", [ANY, THEIRS])
def test_a_raw_delete_is_narrowed_to_the_tenant(two, name, whose):
    where = {**match(two, whose), "_id": ObjectId(two.theirs.pk)}
    assert getattr(collection(Contact), name)(where).deleted_count == 0


MOVES = [
    lambda two: {"$set": {"tenantId": two.theirs_id}},
    lambda two: {"$unset": {"tenantId": ""}},
    lambda two: {"$rename": {"tenantId": "old"}},
    lambda two: {"$rename": {"name": "tenantId"}},
    lambda two: {"$setOnInsert": {"tenantId": two.theirs_id}},
    lambda two: [{"$set": {"tenantId": two.theirs_id}}],
    lambda two: [{"$addFields": {"tenantId": "$name"}}],
    lambda two: [{"$unset": "tenantId"}],
    lambda two: [{"$unset": ["name", "tenantId"]}],
    lambda two: [{"$project": {"name": 1}}],
    lambda two: [{"$replaceWith": {"tenantId": two.theirs_id}}],
    lambda two: [{"$replaceRoot": {"newRoot": {"name": "x"}}}],
]


@pytest.mark.parametrize("number", range(len(MOVES)))
def test_no_update_moves_a_row_to_another_tenant(two, number):
    change, where = MOVES[number](two), {"tenantId": two.ours_id, "_id": ObjectId(two.ours.pk)}
    door = collection(Contact)
    assert refused(lambda: door.update_one(where, change))
    assert refused(lambda: door.update_many(where, change))
    assert refused(lambda: door.find_one_and_update(where, change))
    assert refused(lambda: door.bulk_write([UpdateOne(where, change)]))


def test_no_insert_or_replacement_is_for_another_tenant(two):
    door, row = collection(Contact), {"_id": new_object_id(), "name": "x"}
    mine = {"tenantId": two.ours_id, "_id": ObjectId(two.ours.pk)}
    for document in (row, {**row, "tenantId": two.theirs_id}, {**row, "tenantId": {"$in": [two.ours_id]}},
                     {**row, "$or": [{"tenantId": two.ours_id}]}):  # fmt: skip
        assert refused(lambda d=document: door.insert_one(d))
        assert refused(lambda d=document: door.insert_many([{**row, **match(two, MINE)}, d]))
        assert refused(lambda d=document: door.bulk_write([InsertOne(d)]))
        assert refused(lambda d=document: door.replace_one(mine, d))
        assert refused(lambda d=document: door.bulk_write([ReplaceOne(mine, d)]))


def test_one_bad_request_refuses_the_whole_bulk(two):
    mine = {"tenantId": two.ours_id, "_id": ObjectId(two.ours.pk)}
    good = UpdateOne(mine, {"$set": {"name": "changed"}})
    bad = UpdateOne({"_id": ObjectId(two.theirs.pk)}, {"$set": {"name": "changed"}})
    assert refused(lambda: collection(Contact).bulk_write([good, bad]))


@pytest.mark.parametrize("method", [
    "drop", "rename", "drop_indexes", "create_index", "find_one_and_delete", "find_one_and_replace",
    "find_raw_batches", "aggregate_raw_batches", "estimated_document_count", "watch", "with_options",
    "index_information", "database",
])  # fmt: skip
def test_a_method_that_nobody_guards_is_refused(two, method):
    assert refused(lambda: getattr(collection(Contact), method))


def test_no_tenant_means_no_command(both):
    for name, operation in FINDS.items():
        with pytest.raises(NoActiveTenant), wire_log.record() as sent:
            operation(collection(Contact), {"tenantId": both.ours_id})
        assert sent == [], name
    assert both.untouched()


def test_unscoped_code_may_look_across(two):
    with unscoped(Reason.AUDIT_INTEGRITY):
        ids = {"_id": {"$in": [ObjectId(two.ours.pk), ObjectId(two.theirs.pk)]}}
        assert collection(Contact).count_documents(ids) == 2


def test_what_carries_a_tenant_is_read_strictly():
    tenant, other = ObjectId(), ObjectId()
    right = [
        {"tenantId": tenant}, {"tenantId": {"$eq": tenant}}, {"$and": [{"a": 1}, {"tenantId": tenant}]},
        {"$or": [{"tenantId": tenant, "a": 1}, {"tenantId": tenant, "b": 2}]},
    ]  # fmt: skip
    wrong = [
        None, [], "x", {}, {"tenantId": other}, {"tenantId": str(tenant)}, {"tenantId": None},
        {"tenantId": {"$in": [tenant, other]}}, {"tenantId": {"$gte": tenant}}, {"$or": []},
        {"$or": [{"tenantId": tenant}, {"a": 1}]}, {"$nor": [{"tenantId": tenant}]},
        {"tenantId": {"$not": {"$eq": tenant}}}, {"x.tenantId": tenant},
    ]  # fmt: skip
    assert [carries(c, tenant) for c in right] == [True] * len(right)
    assert [carries(c, tenant) for c in wrong] == [False] * len(wrong)
