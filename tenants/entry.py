"""What a tenant asks of whoever enters, beside a credential: network, e-mail domain, second factor."""

import ipaddress
from collections.abc import Sequence

from accounts.factors import has_second_factor
from accounts.models import User
from tenants.errors import AddressNotAllowed, EmailDomainNotAllowed, SecondFactorRequired
from tenants.models import Tenant, TenantSettings


def entry_of(settings: TenantSettings) -> dict[str, object]:
    """The part of the settings that is kept with the tenant; what asks nothing is left out."""
    asked = {
        "networks": settings.ip_allow_list,
        "domains": settings.email_domains,
        "second_factor": settings.second_factor_required,
    }
    return {name: value for name, value in asked.items() if value}


def demand_entry(tenant: Tenant, *, ip: str, person: User | None = None) -> None:
    """Raise what keeps a person, or a key (without ``person``), out of the tenant."""
    asked = tenant.entry
    if not asked:
        return
    if asked.get("networks") and not is_inside(ip, asked["networks"]):
        raise AddressNotAllowed
    if person is None:
        return
    demand_domain(tenant, person.email)
    if asked.get("second_factor") and not has_second_factor(person):
        raise SecondFactorRequired


def demand_domain(tenant: Tenant, email: str) -> None:
    """Raise ``EmailDomainNotAllowed`` for an address that the tenant does not admit."""
    domains = (tenant.entry or {}).get("domains")
    if domains and domain_of(email) not in domains:
        raise EmailDomainNotAllowed(f"admitted: {', '.join(domains)}")


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def is_inside(ip: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks; one that cannot be read is in none."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ipaddress.ip_network(network, strict=False) for network in networks)
