"""The proof that a token is used by its app's own server, also while the app's secret is being changed."""

import hashlib
import hmac
from collections.abc import Callable

from channels.providers.contract import ChannelBroken, Credentials, Outcome, Transient
from channels.providers.meta.access import as_int, as_object, as_text
from kernel import egress

PROOF = "appsecret_proof"
REFUSED = 104
_working: dict[tuple[str, ...], str] = {}
"""Which of several secrets Meta took last, in this process; as many entries as apps are set up."""

Params = dict[str, str]


def signed(
    credentials: Credentials, token: str, ask: Callable[[Params], egress.Response]
) -> egress.Response:
    """Return the answer of ``ask``, which is given the proof's parameter.

    What was refused for its proof was not carried out, so it is asked again with each further
    secret. Raises what ``ask`` raises.
    """
    if not credentials.app_secret:
        return ask({})
    known = (credentials.app_secret, *credentials.further_secrets)
    first, *others = sorted(known, key=lambda secret: secret != _working.get(known, known[0]))
    response, used = ask(_proof(first, token)), first
    for secret in others:
        if not is_refused(response):
            break
        response, used = ask(_proof(secret, token)), secret
    if used != first and not is_refused(response):
        _working[known] = used
    return response


def judged(outcome: Outcome, response: egress.Response, credentials: Credentials) -> Outcome:
    """Return what a refusal means: a secret of the installation's app is no fault of the channel.

    It is being rotated, or was set wrongly, for all channels at once; connecting one again would
    not mend it. A channel with an app of its own is told to look at its secret.
    """
    if credentials.is_app_shared and isinstance(outcome, ChannelBroken) and is_refused(response):
        return Transient(code=outcome.code, title=outcome.title)
    return outcome


def is_refused(response: egress.Response) -> bool:
    """Return whether the proof was wrong or missing; nothing was done then."""
    if response.ok:
        return False
    try:
        error = as_object(response.json(), "error")
    except ValueError:
        return False
    code = as_int(error, "code")
    return code == REFUSED or (code == 100 and PROOF in as_text(error, "message"))


def _proof(secret: str, token: str) -> Params:
    return {PROOF: hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()}
