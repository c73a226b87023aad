"""A tenant's settings: each checked by its own rule, told by field, and never a way to lock oneself out."""

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import available_timezones

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator

from accounts.factors import has_second_factor
from accounts.models import User
from kernel import audit
from kernel.actor import current_actor
from kernel.events import emit
from kernel.mongo.transactions import transactional
from tenants.access import current_principal, require
from tenants.entry import domain_of, entry_of, is_inside
from tenants.errors import InvalidFields, PermissionDenied
from tenants.events import SettingsChanged
from tenants.models import Membership, Tenant, TenantSettings
from tenants.models.settings import RETAINED
from tenants.permissions import Permission
from tenants.selectors import get_tenant
from tenants.services.validation import validated

LANGUAGES = tuple(sorted(LANG_INFO))
ENTRY = ("email_domains", "second_factor_required", "ip_allow_list")
LONGEST_DAYS = 36_500
MOST_DOMAINS, MOST_NETWORKS = 50, 100
Problems = list[dict[str, str]]
_domain_name = DomainNameValidator(accept_idna=False)


@transactional
def change_settings(**changes: Any) -> TenantSettings:
    """Change the tenant's settings; ``retention_days`` changes only the kinds that it names.

    Raises ``InvalidFields`` with every field that is wrong.
    """
    require(Permission.SETTINGS_MANAGE)
    settings = TenantSettings.objects.get()
    problems: Problems = []
    wanted = {name: _clean(name, value, settings, problems) for name, value in changes.items()}
    _check_own_entry(wanted, problems)
    if problems:
        raise InvalidFields(errors=problems)
    before = {n: getattr(settings, n) for n, v in wanted.items() if v != getattr(settings, n)}
    for name in before:
        setattr(settings, name, wanted[name])
    validated(settings)
    if before:
        _keep(settings, before)
    return settings


def _keep(settings: TenantSettings, before: dict[str, Any]) -> None:
    settings.save(update_fields=list(before))
    tenant = get_tenant()
    tenant.entry = entry_of(settings)
    tenant.save(update_fields=["entry"])
    told = {name: [value, getattr(settings, name)] for name, value in before.items()}
    audit.record("settings.changed", settings, told)
    emit(SettingsChanged(fields=tuple(sorted(before))))


@transactional
def open_entry(*, tenant: Tenant, reason: str) -> Tenant:
    """Staff alone: ask nothing of who enters the active tenant, which has locked itself out.

    Networks, e-mail domains and the demand for a second factor go; everything else stays as it is.
    """
    if current_principal().kind not in ("staff", "system"):
        raise PermissionDenied(
            "a tenant that locked itself out is opened by the installation's staff"
        )
    settings = TenantSettings.objects.get()
    before = {name: getattr(settings, name) for name in ENTRY if getattr(settings, name)}
    if before:
        for name in before:
            setattr(settings, name, TenantSettings._meta.get_field(name).get_default())
        settings.save(update_fields=list(before))
        tenant.entry = entry_of(settings)
        tenant.save(update_fields=["entry"])
        told = {name: [value, getattr(settings, name)] for name, value in before.items()}
        audit.record("tenant.entry_opened", tenant, told, reason=reason)
        emit(SettingsChanged(fields=tuple(sorted(before))))
    return tenant


def _clean(name: str, value: Any, settings: TenantSettings, problems: Problems) -> Any:
    rule = _RULES.get(name)
    return value if rule is None else rule(value, settings, problems)


def _time_zone(value: str, settings: TenantSettings, problems: Problems) -> str:
    if value not in available_timezones():
        problems.append(_problem("time_zone", "unknown", f"{value!r} is not in the IANA database"))
    return value


def _language(value: str, settings: TenantSettings, problems: Problems) -> str:
    code = value.lower()
    if code not in LANGUAGES:
        problems.append(_problem("language", "unknown", f"one of {', '.join(LANGUAGES)}"))
    return code


def _retention(value: dict[str, int | None], settings: TenantSettings, problems: Problems) -> Any:
    for kind, days in value.items():
        if kind not in RETAINED:
            detail = f"one of {', '.join(RETAINED)}"
            problems.append(_problem(f"retention_days.{kind}", "unknown", detail))
        elif days is not None and not 1 <= days <= LONGEST_DAYS:
            detail = f"from 1 to {LONGEST_DAYS} days, or null to keep it for ever"
            problems.append(_problem(f"retention_days.{kind}", "invalid", detail))
    return {**(settings.retention_days or {}), **value}


def _domains(value: Sequence[str], settings: TenantSettings, problems: Problems) -> list[str]:
    found = sorted({domain.strip().lower().removeprefix("@") for domain in value})
    if len(found) > MOST_DOMAINS:
        problems.append(_problem("email_domains", "too_many", f"at most {MOST_DOMAINS}"))
    for domain in found:
        try:
            _domain_name(domain)
        except ValidationError:
            detail = f"{domain!r} is not a domain name such as example.com"
            problems.append(_problem("email_domains", "invalid", detail))
    return found


def _networks(value: Sequence[str], settings: TenantSettings, problems: Problems) -> list[str]:
    found = []
    if len(value) > MOST_NETWORKS:
        problems.append(_problem("ip_allow_list", "too_many", f"at most {MOST_NETWORKS}"))
    for network in value:
        try:
            found.append(str(ipaddress.ip_network(network.strip(), strict=False)))
        except ValueError:
            detail = f"{network!r} is neither an address nor a network such as 203.0.113.0/24"
            problems.append(_problem("ip_allow_list", "invalid", detail))
    return list(dict.fromkeys(found))


_RULES: dict[str, Callable[[Any, TenantSettings, Problems], Any]] = {
    "time_zone": _time_zone,
    "language": _language,
    "retention_days": _retention,
    "email_domains": _domains,
    "ip_allow_list": _networks,
}


def _check_own_entry(wanted: dict[str, Any], problems: Problems) -> None:
    """Nobody asks of everyone what they could not pass themselves. Staff do not enter this way."""
    principal = current_principal()
    if not principal.member_id:
        return
    networks, domains = wanted.get("ip_allow_list"), wanted.get("email_domains")
    if networks and not is_inside(current_actor().ip, networks):
        detail = f"your own address {current_actor().ip} is in none of these"
        problems.append(_problem("ip_allow_list", "excludes_you", detail))
    if not domains and not wanted.get("second_factor_required"):
        return
    person: User = Membership.objects.get(pk=principal.member_id).user
    if domains and domain_of(person.email) not in domains:
        detail = f"your own address is at {domain_of(person.email)}"
        problems.append(_problem("email_domains", "excludes_you", detail))
    if wanted.get("second_factor_required") and not has_second_factor(person):
        detail = "set up a second factor of your own first"
        problems.append(_problem("second_factor_required", "excludes_you", detail))


def _problem(field: str, code: str, detail: str) -> dict[str, str]:
    return {"field": field, "code": code, "detail": detail}
