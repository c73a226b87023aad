"""Reads a URL strictly, so that what is checked is what is connected to."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import idna

from kernel.egress.addresses import Choice
from kernel.egress.errors import Blocked

Params = Mapping[str, object] | Iterable[tuple[str, object]]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_URL = 8192
_MAX_NAME = 253
# Parsers disagree about what these mean, and an attacker lives on the disagreement.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH_SAFE = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is an ASCII name or the canonical text of an address."""

    scheme: str
    host: str
    port: int
    path: str
    is_address: bool

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def check(self, choice: Choice) -> None:
        """Hold the public internet to https on its usual ports; raises `Blocked`."""
        if choice.trusted:
            return
        if self.scheme != "https" or self.port not in _DEFAULT_PORTS.values():
            raise Blocked()


def parse_target(url: str, params: Params | None = None) -> Target:
    """Read `url` and append `params` to its query; raises `Blocked` for any doubtful form."""
    parts = _split(url)
    host, is_address = _host(parts.hostname or "")
    return Target(
        scheme=parts.scheme,
        host=host,
        port=_port(parts),
        path=_path(parts, params),
        is_address=is_address,
    )


def _split(url: str) -> SplitResult:
    if len(url) > _MAX_URL or _FORBIDDEN.search(url):
        raise Blocked()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Blocked() from None
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc or "%" in parts.netloc:
        raise Blocked()
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise Blocked() from None
    if port == 0:
        raise Blocked()
    return port or _DEFAULT_PORTS[parts.scheme]


def _host(text: str) -> tuple[str, bool]:
    if ":" in text:
        return _literal(text), True
    host = _ascii(text).removesuffix(".")
    # A host that ends in a number is an IPv4 address to every resolver, in forms such as
    # 127.1, 0x7f.1 or 2130706433; only the plain dotted form is accepted.
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return _literal(host), True
    if len(host) > _MAX_NAME or not _NAME.fullmatch(host):
        raise Blocked()
    return host, False


def _literal(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        raise Blocked() from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def _ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        # The mapping comes first: full-width digits and dots become an address, not a name.
        mapped = idna.uts46_remap(text, std3_rules=True)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise Blocked() from None


def _path(parts: SplitResult, params: Params | None) -> str:
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    added = urlencode([(name, value) for name, value in pairs if value is not None], doseq=True)
    query = "&".join(filter(None, (quote(parts.query, safe=_PATH_SAFE + "?[]"), added)))
    return f"{path}?{query}" if query else path
