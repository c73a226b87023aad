"""Rows for tests, made in the tenant that is active. Each call makes something new."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models

from accounts.models import User
from channels.models import Channel, ChannelAddress, ChannelCredential, MessageTemplate
from conversations.models import Conversation
from crm.models import Contact, ContactIdentity
from kernel import vault
from kernel.clock import now
from kernel.models import DomainEvent
from kernel.mongo.ids import new_id
from kernel.scoping import active_tenant_id, tenant_scope
from kernel.scoping.models import TenantModel
from messaging.models import Attachment, Delivery, Message
from tenants.access import Principal, acting
from tenants.models import Membership, TenantCounter
from tenants.permissions import ROLES
from tenants.services.tenant import create_tenant

_count = itertools.count(1)


def digits(length: int = 12) -> str:
    """A number nobody else in the test database has."""
    return str(secrets.randbelow(9 * 10 ** (length - 1)) + 10 ** (length - 1))


@dataclass
class World:
    """A tenant with its owner, as the fixture ``world`` gives; for fixtures of a whole module."""

    tenant: Any
    owner: Membership
    user: User


def new_world(name: str = "Acme") -> World:
    token = secrets.token_hex(5)
    user = User.objects.create_user(f"owner-{token}@example.test", None)
    tenant = create_tenant(maker=user, name=name, slug=f"m-{token}")
    with tenant_scope(tenant):
        return World(tenant, Membership.objects.get(user_id=user.pk), user)


@contextmanager
def inside(world: Any, role: str = "owner") -> Iterator[Any]:
    """Inside a world's tenant, acting as its owner (or as somebody with ``role``)."""
    with tenant_scope(world.tenant), acting(principal(world, role)):
        yield world


def principal(world: Any, role: str = "owner") -> Principal:
    return Principal(
        kind="member", id=world.owner.pk, member_id=world.owner.pk, user_id=world.user.pk,
        name=str(world.owner), role=role, permissions=ROLES[role],
    )  # fmt: skip


def person(**fields: Any) -> User:
    return User.objects.create_user(f"person-{secrets.token_hex(5)}@example.test", None, **fields)


def contact(**fields: Any) -> Contact:
    return Contact.objects.create(**{"name": f"Contact {next(_count)}", **fields})


def identity(of: Contact | None = None, **fields: Any) -> ContactIdentity:
    given = {"contact": of or contact(), "kind": "wa_id", "value": digits(), **fields}
    return ContactIdentity.objects.create(**given)


def channel(*, phone_number_id: str = "", token: str = "EAAtest", **fields: Any) -> Channel:
    """A WhatsApp channel as connecting leaves it: credentials sealed, address owned, nothing waiting."""
    phone = phone_number_id or digits(15)
    external = {"phone_number_id": phone, "waba_id": digits(15)}
    row = Channel.objects.create(
        **{
            "kind": "whatsapp",
            "name": "Shop",
            "status": Channel.ACTIVE,
            "external": external,
            **fields,
        }
    )
    credential = ChannelCredential(channel=row)
    credential.access_token = vault.seal_field(credential, "access_token", token)
    credential.save(force_insert=True)
    ChannelAddress.objects.create(
        kind="phone_number_id", value=phone, tenant_id=active_tenant_id(), channel_id=row.pk,
        replay_pending=False,
    )  # fmt: skip
    return row


def template(of: Channel | None = None, **fields: Any) -> MessageTemplate:
    given = {
        "name": f"template_{next(_count)}",
        "language": "en_US",
        "status": "APPROVED",
        **fields,
    }
    return MessageTemplate.objects.create(channel=of or channel(), **given)


def conversation(
    *, on: Channel | None = None, with_: Contact | None = None, **fields: Any
) -> Conversation:
    """An open conversation whose customer-service window is open."""
    on = on or channel()
    with_ = with_ or contact()
    given = {
        "number": next(_count), "channel": on, "channel_kind": on.kind, "contact": with_,
        "contact_name": str(with_), "window_until": now() + timedelta(hours=23), **fields,
    }  # fmt: skip
    return Conversation.objects.create(**given)


def message(of: Conversation | None = None, **fields: Any) -> Message:
    of = of or conversation()
    given = {
        "conversation": of, "channel_id": of.channel_id, "seq": next(_count), "direction": "inbound",
        "type": "text", "text": "hello", "external_id": f"wamid.{secrets.token_hex(8)}",
        "sender_kind": "contact", "sender_id": of.contact_id, **fields,
    }  # fmt: skip
    return Message.objects.create(**given)


def outbound(of: Conversation, **fields: Any) -> tuple[Message, Delivery]:
    """A message that waits to be sent, without its lane being woken."""
    id_ = new_id()
    row = message(of, **{"pk": id_, "direction": "outbound", "external_id": f"out:{id_}",
                         "sender_kind": "agent", **fields})  # fmt: skip
    delivery = Delivery.objects.create(
        lane=f"conversation:{of.pk}", message=row, conversation=of, channel_id=of.channel_id
    )
    return row, delivery


def item(lane: str = "lane", **fields: Any) -> Attachment:
    """A unit of work that touches nothing else: an attachment without a channel."""
    return Attachment(**{"lane": lane, "kind": "image", **fields})


def tenant_models() -> list[type[TenantModel]]:
    """Every model that belongs to tenants, by name."""
    found = [m for m in apps.get_models() if issubclass(m, TenantModel)]
    return sorted(found, key=lambda m: m._meta.label)


_numbers = itertools.count(1_000_000)  # far above what a relay gives in a test

# What cannot be guessed from the field's class.
SPECIAL: dict[str, Callable[[], dict[str, Any]]] = {
    "channels.Channel": lambda: {"kind": "whatsapp"},
    "conversations.Conversation": lambda: {"channel_kind": "whatsapp"},
    "archives.ContactErasure": lambda: {"contact_id": new_id()},
    "archives.Export": lambda: {"running": False},  # a tenant has one at a time that is
    "kernel.DomainEvent": lambda: {"type": "thing.happened", "number": next(_numbers)},
}


def any_row(model: type[TenantModel], **fields: Any) -> Any:
    """An unsaved row of any tenant model, with what it needs; what it refers to is saved."""
    made: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        needed = not (
            field.primary_key or field.null or field.has_default() or field.name in fields
        )
        if needed and (field.is_relation or not field.blank or field.name in _in_unique(model)):
            made[field.name] = _value(field)
    special = SPECIAL.get(model._meta.label)
    return model(**{**made, **(special() if special else {}), **fields})


def _in_unique(model: type[models.Model]) -> set[str]:
    return {name for c in model._meta.constraints for name in getattr(c, "fields", ())}


def _value(field: Any) -> Any:
    if field.is_relation:
        return _referred(field.related_model)
    if isinstance(field, models.DateTimeField):
        return now()
    if isinstance(field, models.EmailField):
        return f"{secrets.token_hex(6)}@example.test"
    if isinstance(field, models.CharField | models.TextField):
        return secrets.token_hex(6)[: field.max_length or 12]
    if isinstance(field, models.IntegerField):
        return next(_count)
    return {}


def _referred(model: Any) -> Any:
    if model is User:
        return person()
    if issubclass(model, TenantModel):
        row = any_row(model)
        row.save(force_insert=True)
        return row
    raise AssertionError(f"nothing makes a {model._meta.label}")


__all__ = [
    "Attachment",
    "ChannelCredential",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "Delivery",
    "DomainEvent",
    "Membership",
    "Message",
    "TenantCounter",
    "World",
    "any_row",
    "channel",
    "contact",
    "conversation",
    "digits",
    "identity",
    "inside",
    "item",
    "message",
    "new_world",
    "outbound",
    "person",
    "principal",
    "template",
    "tenant_models",
]
