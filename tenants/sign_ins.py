"""What people do with their accounts, in the audit log of each tenant that they are a member of.

A person belongs to no tenant and an audit log to one, so a sign-in is an entry in all of theirs
(ADR 0019). allauth tells of it by signals; what succeeded is recorded before the answer, what
failed after it, so that an answer's time does not tell whether an address is known.
"""

from functools import partial
from typing import Any

import structlog
from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.socialaccount import signals as social
from django.contrib.auth.signals import user_logged_out, user_login_failed

from accounts import signals as people
from accounts.devices import account_of
from accounts.models import User
from kernel import audit
from kernel.audit.values import plain
from kernel.mongo.transactions import run_transaction
from kernel.scoping.context import outside_scope, tenant_scope
from tenants.services.telling import entry_of, tell, tell_refused
from tenants.services.tenant import tenants_of

log = structlog.get_logger(agentName="auth")
CHANGES = {
    account.password_set: "person.password_set",
    account.password_changed: "person.password_changed",
    account.password_reset: "person.password_reset",
    account.email_added: "person.email_added",
    account.email_changed: "person.email_changed",
    account.email_removed: "person.email_removed",
    mfa.authenticator_added: "person.factor_added",
    mfa.authenticator_removed: "person.factor_removed",
    mfa.authenticator_reset: "person.recovery_codes_made",
    people.token_reused: "person.token_reused",
    people.account_reclaimed: "person.reclaimed",
}
# What an operator does by command: the system's doing, and not the person's.
OPERATED = {
    people.person_disabled: "person.disabled",
    people.person_enabled: "person.enabled",
    people.factors_removed: "person.factors_removed",
    people.staff_granted: "person.staff_granted",
}
FAILED = {
    account.login_code_rejected: "login_code",
    account.password_reset_code_rejected: "password_reset_code",
    mfa.authentication_failed: "second_factor",
}


def listen() -> None:
    """Connect to what allauth tells; once, when the apps are ready."""
    account.user_logged_in.connect(_signed_in, dispatch_uid="audit.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="audit.signed_out")
    user_login_failed.connect(_password_failed, dispatch_uid="audit.password_failed")
    people.sessions_ended.connect(_sessions_ended, dispatch_uid="audit.sessions_ended")
    social.social_account_added.connect(_linked, dispatch_uid="audit.linked")
    social.social_account_removed.connect(_unlinked, dispatch_uid="audit.unlinked")
    for signal, action in CHANGES.items():
        signal.connect(partial(_changed, action), weak=False, dispatch_uid=f"audit.{action}")
    for signal, action in OPERATED.items():
        signal.connect(partial(_operated, action), weak=False, dispatch_uid=f"audit.{action}")
    for signal, code in FAILED.items():
        signal.connect(partial(_failed, code), weak=False, dispatch_uid=f"audit.failed.{code}")


def note_refused_tenant(person: User, request: Any, named: str, *, code: str) -> None:
    """``person`` named a tenant that did not let them in, or that is not there.

    Nobody writes into the log of a tenant that they do not belong to: their own tell of it.
    """
    tried = {"target_type": "tenant", "target_id": named[:64], "code": code}
    tell_refused(entry_of(person, request, "access.refused", **tried), request)


def _record(person: User, request: Any, action: str, changes: dict[str, Any]) -> None:
    known = tell(entry_of(person, request, action, changes=plain(changes)))
    _tell(action, person, request, tenants=known)


def _tell(action: str, person: User | None, request: Any, **about: Any) -> None:
    """A line of the security log: of everybody, also of staff and others who are in no tenant."""
    log.info(action, security=True, user_id=person.pk if person else "",
             is_staff=bool(person and person.is_staff), ip=getattr(request, "client_ip", ""),
             **about)  # fmt: skip


def _signed_in(request: Any, user: Any, **_: Any) -> None:
    methods = [record.get("method", "") for record in get_authentication_records(request, user)]
    _record(user, request, "person.signed_in", {"methods": [None, methods]})


def _signed_out(request: Any, user: Any, **_: Any) -> None:
    if isinstance(user, User):
        _record(user, request, "person.signed_out", {})


def _changed(action: str, request: Any, user: Any, **about: Any) -> None:
    factor = about.get("authenticator")
    _record(user, request, action, {"kind": [None, str(factor.type)]} if factor else {})


def _operated(action: str, user: User, **_: Any) -> None:
    for tenant, _membership in tenants_of(user):
        with outside_scope(), tenant_scope(tenant):
            run_transaction(lambda: audit.record(action, ("user", user.pk)))
    _tell(action, user, None, is_superuser=user.is_superuser)


def _sessions_ended(request: Any, user: User, count: int, **_: Any) -> None:
    if request is None:
        _operated("person.sessions_ended", user)
    else:
        _record(user, request, "person.sessions_ended", {"count": [None, count]})


def _linked(request: Any, sociallogin: Any, **_: Any) -> None:
    linked = {"provider": [None, sociallogin.account.provider]}
    _record(sociallogin.user, request, "person.account_linked", linked)


def _unlinked(request: Any, socialaccount: Any, **_: Any) -> None:
    unlinked = {"provider": [socialaccount.provider, None]}
    _record(socialaccount.user, request, "person.account_unlinked", unlinked)


def _failed(code: str, request: Any, user: Any, **_: Any) -> None:
    if user is None:  # somebody guesses codes for an address that nobody has
        return
    tell_refused(entry_of(user, request, "person.sign_in_failed", code=code), request)
    _tell("person.sign_in_failed", user, request, code=code)


def _password_failed(credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    """Whose address it is, if anybody's, is looked up once the answer has left."""
    email = str(credentials.get("email") or "").strip().lower()
    waiting = getattr(request, "afterwards", None)
    find = partial(_note_password, email, request)
    if waiting is None:
        find()
    else:
        waiting.append(find)


def _note_password(email: str, request: Any) -> None:
    person = User.objects.filter(pk=account_of(email) or None).first()
    _tell("person.sign_in_failed", person, request, code="password")
    if person is not None:
        tell_refused(entry_of(person, request, "person.sign_in_failed", code="password"), None)
