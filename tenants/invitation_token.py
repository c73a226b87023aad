"""The secret of an invitation's link: ``sb_inv_<tenant><invitation>_<secret>``.

It names its tenant, so that nothing is looked for across tenants. Only a peppered HMAC of the
secret is stored.
"""

import re
from dataclasses import dataclass, field

from tenants import keys

FORM = re.compile(r"^sb_inv_([0-9a-f]{24})([0-9a-f]{24})_([0-9A-Za-z]{32})\Z")


@dataclass(frozen=True)
class ParsedToken:
    """The parts of a well-formed token."""

    tenant_id: str
    invitation_id: str
    secret: str = field(repr=False)

    @property
    def digest(self) -> str:
        return keys.digest(self.secret)


def make(tenant_id: str, invitation_id: str) -> tuple[str, str]:
    """A new token and the digest to keep of it."""
    secret = keys.new_secret()
    return f"sb_inv_{tenant_id}{invitation_id}_{secret}", keys.digest(secret)


def parse(text: str) -> ParsedToken | None:
    """The parts, or None for what is no token."""
    match = FORM.match(text)
    return ParsedToken(*match.groups()) if match else None
