"""A tenant with rows of every kind, marked so that whatever of it shows up elsewhere is recognised."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, models

from archives.models import Erasure, Import
from channels.models import ChannelSignIn
from kernel.audit.refusals import REFUSED
from kernel.clock import NEVER
from kernel.scoping import Reason, tenant_scope, unscoped
from kernel.scoping.registry import owned_models
from tenants.models import Membership
from tenants.permissions import Permission
from tests import factories

LEAST = 8  # a shorter text may be anybody's

# Columns that say what a row is or where it belongs; a mark there would make another row of it.
STRUCTURAL = frozenset({
    "lane", "state", "status", "kind", "type", "direction", "key", "fingerprint", "digest", "wrapped",
    "access_token", "app_secret", "tokens", "secret", "category", "language", "parameter_format",
    "quality", "media_state", "mime_type", "path", "thumbnail_path", "outcome", "hash", "prev",
    "action", "subscriber", "role", "scope", "value", "phone", "time_zone", "topic", "held_by",
    "format", "code", "token", "slug", "phase", "priority", "availability", "token_digest",
})  # fmt: skip
STRUCTURAL_ENDS = ("_id", "_key", "_kind", "_type", "_hash", "_digest", "_state", "_ip")
SECRET = frozenset({
    "digest", "password", "wrapped", "access_token", "app_secret", "tokens", "secret", "token_digest",
    "code_digest", "code_hash", "token_hash", "sealed",
})  # fmt: skip
# What is written down on the way, not what a tenant has.
BOOKKEEPING = frozenset({"audit_log", "audit_tallies", "idempotency_keys"})
OWNED_GLOBALS = {
    "tenants": "_id", "channel_addresses": "tenant_id", "imports": "new_tenant_id",
    "erasures": "erased_tenant_id",
}  # fmt: skip


@dataclass
class Populated:
    """A tenant, the ids of its rows by model, and the word that its texts carry."""

    world: factories.World
    mark: str
    ids: dict[str, list[str]] = field(default_factory=dict)

    def one(self, model: str, other_than: str = "") -> str:
        """The id of a row of ``model``."""
        return next(id_ for id_ in self.ids[model] if id_ != other_than)


def populate(*, channel: Any = None) -> Populated:
    """A new tenant with at least two rows of every model, every free text of them marked.

    With a function that makes a ``channel`` only rows that belong together are made, as the
    product itself would: nothing in them is left to chance.
    """
    mark = f"zq{secrets.token_hex(4)}"
    side = Populated(factories.new_world(f"Tenant {mark}"), mark)
    with factories.inside(side.world):
        _business(side, channel or factories.channel)
        for model in () if channel else factories.tenant_models():
            while not _is_single(model) and model.objects.count() < 2:
                factories.any_row(model).save(force_insert=True)
    if channel is None:
        _mark_texts(side)
    with tenant_scope(side.world.tenant):
        for model in factories.tenant_models():
            side.ids[model._meta.label] = _ids(side, model)
    side.ids["tenants.Tenant"] = [side.world.tenant.pk]
    side.ids["accounts.User"] = [side.world.user.pk]
    _beyond(side)
    return side


def _beyond(side: Populated) -> None:
    """What the owner asked for outside the tenant; all of it is over, so nobody goes on with it."""
    tenant, user = side.world.tenant, side.world.user
    imports = [
        Import.objects.create(
            user_id=user.pk, slug=tenant.slug, new_tenant_id=tenant.pk, phase=Import.REFUSED,
            running=False, path="", problem=f"{side.mark} import {n}",
        )
        for n in range(2)
    ]  # fmt: skip
    erasures = [
        Erasure.objects.create(erased_tenant_id=tenant.pk, slug=tenant.slug, asked_by_id=user.pk,
                               state=Erasure.CANCELLED, is_open=False, due_at=NEVER)
        for _ in range(2)
    ]  # fmt: skip
    side.ids["archives.Import"] = [row.pk for row in imports]
    side.ids["archives.Erasure"] = [row.pk for row in erasures]


def _ids(side: Populated, model: Any) -> list[str]:
    """In the order in which they were made; the owner is the first member."""
    found = [str(pk) for pk in model.objects.order_by("id").values_list("pk", flat=True)[:50]]
    own = side.world.owner.pk
    return sorted(found, key=lambda pk: pk != own) if model is Membership else found


def _is_single(model: Any) -> bool:
    return any(tuple(c.fields) == ("tenant",) and c.condition is None for c in model._meta.constraints
               if isinstance(c, models.UniqueConstraint))  # fmt: skip


def _business(side: Populated, make_channel: Any) -> None:
    """Rows that belong together: conversations with messages, a file, templates, keys, the ledger."""
    from tenants.services.api_keys import create_api_key
    from tenants.services.members import add_member
    from tenants.services.teams import create_team, put_in_team
    from tests.api.test_shapes import webhook_event

    channel = make_channel()
    team = create_team(name=f"team {side.mark}")
    put_in_team(team_id=team.pk, member_id=side.world.owner.pk)
    for n in range(2):
        member = add_member(email=factories.person().email, role="agent")
        put_in_team(team_id=team.pk, member_id=member.pk)
        create_api_key(name=f"key {n}", scopes=[Permission.CONTACTS_READ])
        factories.template(channel)
        contact = factories.contact(phone=factories.digits(), attributes={"note": side.mark})
        factories.identity(contact)
        conversation = factories.conversation(
            on=channel, with_=contact, assignee=side.world.owner, unread=True, unread_count=1,
            message_count=2,
        )  # fmt: skip
        message = factories.message(conversation, seq=1, type="image", attachment_count=1,
                                    content={"caption": side.mark})  # fmt: skip
        factories.outbound(conversation, seq=2)
        _file(side, message, n)
        ChannelSignIn.objects.create(kind="instagram", made_by=side.world.owner.pk, accounts=[],
                                     tokens=secrets.token_hex(), expires_at=NEVER)  # fmt: skip
        webhook_event(side.world, channel, state="dead", open=False, body={"text": side.mark})


def _file(side: Populated, message: Any, n: int) -> None:
    path = f"{side.world.tenant.pk}/{side.mark}-{n}.png"
    default_storage.save(path, ContentFile(f"bytes of {side.mark}".encode()))
    factories.item(message_id=message.pk, channel_id=message.channel_id, media_state="stored",
                   mime_type="image/png", path=path, size=9).save(force_insert=True)  # fmt: skip


def free_texts(model: Any) -> list[models.Field]:
    """The columns of a model that hold what people write."""
    return [
        f for f in model._meta.concrete_fields
        if isinstance(f, models.CharField | models.TextField) and not f.primary_key
        and not f.choices and f.name not in STRUCTURAL and not f.name.endswith(STRUCTURAL_ENDS)
        and (f.max_length or LEAST * 2) >= LEAST * 2
    ]  # fmt: skip


def _mark_texts(side: Populated) -> None:
    for model in factories.tenant_models():
        fields = free_texts(model)
        for n, row in enumerate(rows_of(side, model._meta.db_table)):
            wanted = {f.column: _marked(f, side.mark, n) for f in fields
                      if not (isinstance(f, models.EmailField) and row.get(f.column))}  # fmt: skip
            if wanted:
                own = {"_id": row["_id"], "tenantId": row["tenantId"]}
                with unscoped(Reason.AUDIT_INTEGRITY):
                    database()[model._meta.db_table].update_one(own, {"$set": wanted})


def _marked(column: models.Field, mark: str, n: int) -> str:
    if isinstance(column, models.EmailField):
        return f"{mark}.{n}@example.test"
    return f"{mark}{n} {column.name}"[: column.max_length]


def database() -> Any:
    """The bare database: what the ORM and the guard would hide is what these tests look at."""
    return connection.connection[connection.settings_dict["NAME"]]


def rows_of(side: Populated, name: str) -> list[dict[str, Any]]:
    with unscoped(Reason.AUDIT_INTEGRITY):
        column, own = OWNED_GLOBALS.get(name, "tenantId"), side.world.tenant.pk
        owner: dict[str, Any] = {column: ObjectId(own)}
        if name in OWNED_GLOBALS and column != "_id":  # some write the id as text
            owner = {column: {"$in": [own, ObjectId(own)]}}
        return list(database()[name].find(owner).sort("_id"))


def documents(side: Populated, *, without: frozenset[str] = frozenset()) -> dict[str, list[Any]]:
    """Every document of the tenant, by collection, as the database has it."""
    names = {*owned_models(), *OWNED_GLOBALS} - without
    found = {name: rows_of(side, name) for name in sorted(names)}
    with unscoped(Reason.AUDIT_INTEGRITY):
        people = [row["user_id"] for row in found.get("tenant_users", ())]
        found["users"] = list(database()["users"].find({"_id": {"$in": people}}).sort("_id"))
    return found


def refusals_noted(side: Populated) -> int:
    """How many refusals the tenant's audit log and its tallies hold."""
    entries = [row for row in rows_of(side, "audit_log") if row["action"] == REFUSED]
    counted = [row["count"] for row in rows_of(side, "audit_tallies") if row["action"] == REFUSED]
    return len(entries) + sum(counted)


def words(value: Any) -> Iterator[str]:
    """Every text inside a document that is long enough to be recognised; ids as they are written."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)
    elif isinstance(value, ObjectId):
        yield str(value)
    elif isinstance(value, str) and len(value) >= LEAST:
        yield value


def canaries(of: Populated, *others: Populated) -> frozenset[str]:
    """What only this tenant has: its mark, and each text of its documents that no other's contain."""
    theirs = {word for other in others for word in words(list(documents(other).values()))}
    return frozenset({of.mark, *words(list(documents(of).values()))} - theirs)


def secrets_of(side: Populated) -> frozenset[str]:
    """What nobody may ever read: digests, sealed credentials, password hashes."""
    found = documents(side)
    return frozenset(
        value for rows in found.values() for row in rows for name, value in row.items()
        if name in SECRET and isinstance(value, str) and len(value) >= LEAST
    )  # fmt: skip
