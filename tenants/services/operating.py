"""What superusers do to people's accounts, and who is staff. Each with a reason, never to oneself.

It is an entry, under the superuser's name, in the audit log of each tenant that the person is a member
of. Somebody may be a member of none, so what is done is kept in Django's own log of staff as well.
"""

from collections.abc import Callable
from functools import partial

import structlog
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from accounts import services as accounts
from accounts.models import User
from kernel import audit
from kernel.actor import Actor, acting_as
from kernel.mongo.transactions import run_transaction
from kernel.scoping import tenant_scope
from kernel.scoping.context import outside_scope
from tenants.errors import InvalidFields, PersonNotFound, SupportRefused
from tenants.models import StaffGrant
from tenants.placeholders import has_no_owner
from tenants.services.joining import owns
from tenants.services.support import check_reason, revoke_access
from tenants.services.tenant import tenants_of
from tenants.staff import open_grants

log = structlog.get_logger(agentName="auth")


def disable(*, actor: Actor, by: User, person_id: str, reason: str) -> User:
    """Nobody signs in to the account, and whoever is in is out with the next request."""
    return _do("disabled", actor, by, person_id, reason, accounts.disable_person)


def enable(*, actor: Actor, by: User, person_id: str, reason: str) -> User:
    """The account works again; sessions that ended stay so."""
    return _do("enabled", actor, by, person_id, reason, accounts.enable_person)


def end_sessions(*, actor: Actor, by: User, person_id: str, reason: str) -> User:
    """End every session and token of a person."""

    def end(person: User) -> None:
        accounts.end_sessions(person)
        _tell(person, "person.sessions_ended", {})

    return _do("sessions_ended", actor, by, person_id, reason, end)


def remove_factors(*, actor: Actor, by: User, person_id: str, reason: str) -> User:
    """Take every second factor from somebody who has lost them; ends all sessions."""
    return _do("factors_removed", actor, by, person_id, reason, accounts.remove_factors)


def set_staff(
    *, actor: Actor, by: User, person_id: str, is_staff: bool, is_superuser: bool, reason: str
) -> User:
    """Make a person staff, a superuser, or neither; whoever loses rights loses sessions and grants.

    Raises ``InvalidFields`` for a superuser who is no staff, and for somebody whose address nobody
    has proved: the account may not be that one's.
    """
    wanted = {"is_staff": is_staff, "is_superuser": is_superuser}
    if is_superuser and not is_staff:
        raise _wrong("is_superuser", "not_staff", "a superuser is staff")
    change = partial(_change_rights, by=by, wanted=wanted, reason=reason)
    return _do("staff_rights_changed", actor, by, person_id, reason, change)


def _change_rights(person: User, *, by: User, wanted: dict[str, bool], reason: str) -> None:
    if wanted["is_staff"] and not (person.is_active and owns(person, person.email)):
        raise _wrong("is_staff", "unproven", "the account is disabled, or its address not verified")
    before = {name: getattr(person, name) for name in wanted}
    changes = {
        name: [before[name], value] for name, value in wanted.items() if value != before[name]
    }
    if not changes:
        return
    for name, value in wanted.items():
        setattr(person, name, value)
    person.save(update_fields=list(wanted))
    if any(before[name] and not value for name, value in wanted.items()):
        accounts.end_sessions(person)
    if before["is_staff"] and not person.is_staff:
        _end_grants(person, by, reason)
    _tell(person, "person.staff_rights_changed", changes)


def _end_grants(person: User, by: User, reason: str) -> None:
    for tenant_id in open_grants(person):
        with outside_scope(), tenant_scope(tenant_id):
            for grant in StaffGrant.objects.filter(StaffGrant.opens(person.pk)):
                revoke_access(by=by, grant_id=grant.pk, reason=reason)


def _do(
    what: str, actor: Actor, by: User, person_id: str, reason: str, run: Callable[[User], object]
) -> User:
    check_reason(reason)
    person = get_person(person_id)
    if person.pk == by.pk:
        raise SupportRefused("nobody does this to their own account")
    if has_no_owner(person):
        raise SupportRefused(
            "nobody has this account: it stands for who came with an archive or is gone"
        )
    with acting_as(actor):
        run(person)
    LogEntry.objects.create(
        user=by, content_type=ContentType.objects.get_for_model(User), object_id=person.pk,
        object_repr="", action_flag=CHANGE, change_message=f"{what}: {reason}",
    )  # fmt: skip
    log.info(f"person.{what}", user_id=person.pk, by_id=by.pk)
    person.refresh_from_db()
    return person


def _tell(person: User, action: str, changes: dict[str, list[object]]) -> None:
    for tenant, _ in tenants_of(person):
        with outside_scope(), tenant_scope(tenant):
            run_transaction(lambda: audit.record(action, ("user", person.pk), changes))


def get_person(person_id: str) -> User:
    """An account; raises ``PersonNotFound``."""
    person = User.objects.filter(pk=person_id).first()
    if person is None:
        raise PersonNotFound
    return person


def _wrong(field: str, code: str, detail: str) -> InvalidFields:
    return InvalidFields(errors=[{"field": field, "code": code, "detail": detail}])
