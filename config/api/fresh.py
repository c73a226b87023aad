"""What a session that was left open is not enough for: a person proves themselves again."""

import time
from typing import Any

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from rest_framework.request import Request

from accounts.errors import ProofRequired
from accounts.tokens import proven_at

PROOF = (ProofRequired,)
WHERE = "/_allauth/{client}/v1/auth/"
ABOUT = (
    "A person must have signed in or proven themselves again within the last minutes; else "
    "`reauthentication_required` tells how. Keys are not asked: they hold what they were given."
)


def demand_fresh(request: Request, *, by_sign_in: bool = True) -> None:
    """Raise ``ProofRequired`` for a person whose last proof is older than is allowed.

    The refusal has ``flows`` (allauth's, empty for who can only sign in again), ``reauthenticate_at``
    and ``max_age_s``. A key cannot prove itself and is held by its scopes. ``by_sign_in=False`` asks
    for more than having signed in lately, of whoever can prove more.
    """
    raw: Any = request._request
    principal = getattr(raw, "principal", None)
    if principal is not None and principal.kind == "api_key":
        return
    most: int = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    flows = get_reauthentication_flows(raw.person)
    if time.time() - proven_at(raw, raw.person, by_sign_in=by_sign_in or not flows) < most:
        return
    client = "browser" if raw.by_cookie else "app"
    how = f"prove it at {WHERE.format(client=client)}" if flows else "sign in again"
    raise ProofRequired(
        f"the last proof that it is you is older than {most} seconds: {how}, then repeat the request",
        flows=flows, reauthenticate_at=WHERE.format(client=client), max_age_s=most,
    )  # fmt: skip
