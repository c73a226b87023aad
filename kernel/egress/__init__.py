"""The one outgoing HTTP door: every request that leaves the deployment goes through `request`.

It resolves the name once, refuses addresses that are not public (unless the deployment allows
them in `SWITCHBOARD_EGRESS_ALLOW`), connects to the address it checked, keeps one wall-clock
deadline over everything, caps the answer, follows no redirect, ignores proxy settings, and
says precisely whether a failed request may have reached the other side.
"""

from kernel.egress.addresses import NOTHING, AllowList, configured_allow
from kernel.egress.answer import Headers, Response
from kernel.egress.door import request
from kernel.egress.errors import Ambiguous, Blocked, EgressError, NotSent

__all__ = [
    "NOTHING",
    "AllowList",
    "Ambiguous",
    "Blocked",
    "EgressError",
    "Headers",
    "NotSent",
    "Response",
    "configured_allow",
    "request",
]
