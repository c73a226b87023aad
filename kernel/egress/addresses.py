"""Which addresses may be reached: the public internet, and what the deployment allows."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from kernel.egress.errors import Blocked

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ALLOW_VARIABLE = "SWITCHBOARD_EGRESS_ALLOW"

# What `ipaddress` of some supported Python versions calls global and IANA's special-purpose
# registries do not: protocol assignments, the 6to4 relay, Teredo, documentation, SRv6 segments.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def unmap(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped IPv6 address; any other address unchanged."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """Whether `address` is a unicast address of the public internet.

    A NAT64 address is as public as the IPv4 address it carries, since on an IPv6-only network
    it is the way to every IPv4 host. 6to4 and Teredo, which also carry one, are refused whole.
    """
    address = unmap(address)
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    if address.is_multicast or any(address in network for network in _SPECIAL):
        return False
    return address.is_global


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts by name and networks which the deployment allows beyond the public internet.

    An allowed host may use plain `http` and any port, so the list is for what the deployment
    itself runs (a simulator, an internal relay), never for what a customer typed.
    """

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str] | str) -> "AllowList":
        """Read host names, addresses and CIDRs; a string is split at its commas.

        Raises `ValueError` for an entry that is neither, such as a host with a port.
        """
        parts = entries.split(",") if isinstance(entries, str) else entries
        hosts: set[str] = set()
        networks: list[Network] = []
        for entry in filter(None, (part.strip().lower() for part in parts)):
            network = _network(entry)
            if network is not None:
                networks.append(network)
            else:
                hosts.add(entry)
        return cls(frozenset(hosts), tuple(networks))

    def has_host(self, host: str) -> bool:
        """Whether the host is allowed by its name."""
        return host in self.hosts

    def has_address(self, address: Address) -> bool:
        """Whether the address lies in an allowed network."""
        return any(address in network for network in self.networks)


NOTHING = AllowList()


def _network(entry: str) -> Network | None:
    text = entry.removeprefix("[").removesuffix("]")
    try:
        return ip_network(text, strict=False)
    except ValueError:
        if "/" in entry or ":" in entry:
            raise ValueError(
                f"{ALLOW_VARIABLE}: {entry!r} is neither a host name, an address nor a CIDR "
                "(an allowed host may use any port, so none is written)"
            ) from None
        return None


@lru_cache(maxsize=8)
def _parsed(text: str) -> AllowList:
    return AllowList.parse(text)


def configured_allow() -> AllowList:
    """The deployment's allow-list, from the environment at the time of the call."""
    return _parsed(os.environ.get(ALLOW_VARIABLE, ""))


@dataclass(frozen=True, slots=True)
class Choice:
    """The checked addresses of a host, and whether the allow-list vouches for them."""

    addresses: tuple[Address, ...]
    trusted: bool


def choose(host: str, found: Sequence[str], allow: AllowList) -> Choice:
    """Check what a host resolved to; raises `Blocked` unless it may be reached.

    A single private address among public ones condemns the host: nobody publishes that by
    intention. Where some addresses are allowed by network, only those are used (`localhost`
    is both `127.0.0.1` and `::1`).
    """
    addresses = tuple(dict.fromkeys(unmap(_address(text)) for text in found))
    if not addresses:
        raise Blocked()
    if allow.has_host(host):
        return Choice(addresses, trusted=True)
    allowed = tuple(address for address in addresses if allow.has_address(address))
    if allowed:
        return Choice(allowed, trusted=True)
    if not all(is_public(address) for address in addresses):
        raise Blocked()
    return Choice(addresses, trusted=False)


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise Blocked() from None
