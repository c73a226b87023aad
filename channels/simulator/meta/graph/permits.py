"""Who may call: access tokens, what they were granted, and proofs of the app's secret."""

from __future__ import annotations

import hmac
import time

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph.call import Answer, Call, Permit, bearer
from channels.simulator.meta.records import Json, Token
from channels.simulator.meta.signing import keyed_hash

MESSAGING = "whatsapp_business_messaging"
MANAGEMENT = "whatsapp_business_management"


def app_token(call: Call) -> str:
    """The app's own token, `{app_id}|{app_secret}`."""
    return "|".join(app_of(call))


def app_of(call: Call) -> tuple[str, str]:
    """`(app id, app secret)`: Instagram Login has its own, on its own hosts."""
    if "instagram" in call.host:
        return call.state.instagram.app_id, call.state.instagram.app_secret
    return call.state.app_id, call.state.app_secret


def identify(call: Call) -> Permit:
    """The caller behind the token. Raises code 190 when it is unknown, revoked or expired."""
    value = bearer(call)
    if not value:
        raise GraphError(
            190, message="An access token is required to request this resource.", http=401
        )
    if hmac.compare_digest(value.encode(), app_token(call).encode()):
        return Permit(None, is_app=True)
    token = call.state.tokens.get(value)
    if token is None or (token.kind == "INSTAGRAM") != call.is_instagram:
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    problem = token_problem(call, token)
    if problem is not None:
        raise problem
    _check_proof(call, value)
    return Permit(token)


def token_problem(call: Call, token: Token) -> GraphError | None:
    """Why the token no longer serves, in Meta's words."""
    start = "Error validating access token: "
    if token.is_revoked:
        words = f"{start}The session has been invalidated."
        return GraphError(190, message=words, subcode=token.revoked_subcode)
    parent = call.state.tokens.get(token.parent)
    if parent is not None and parent.is_revoked:
        return token_problem(call, parent)
    if token.expires_at and token.expires_at <= call.state.now():
        until = time.strftime("%A, %d-%b-%y %H:%M:%S UTC", time.gmtime(token.expires_at))
        return GraphError(190, message=f"{start}Session has expired on {until}.", subcode=463)
    return None


def _check_proof(call: Call, value: str) -> None:
    """`appsecret_proof`: checked when given, demanded when the app is set up so."""
    proof, at = call.parameter("appsecret_proof"), call.parameter("appsecret_time")
    if not proof and not call.state.settings.require_appsecret_proof:
        return
    wanted = keyed_hash(app_of(call)[1], f"{value}|{at}" if at else value)
    is_fresh = not at or (at.isdigit() and abs(call.state.now() - int(at)) <= 300)
    if not proof:
        words = "API calls from the server require an appsecret_proof argument"
        raise GraphError(100, message=words, kind="GraphMethodException")
    if not is_fresh or not hmac.compare_digest(wanted, proof):
        words = "Invalid appsecret_proof provided in the API argument"
        raise GraphError(100, message=words, kind="GraphMethodException")


def demand(call: Call, permit: Permit, *, waba_id: str = "", phone: str = "", scope: str) -> None:
    """The token must reach this node (100/33) and hold the permission (10)."""
    token = permit.token
    reaches = token is not None and (
        (waba_id and waba_id in token.waba_ids) or (phone and phone in token.phone_number_ids)
    )
    if token is None or not reaches:
        raise missing_object(call.request.method, call.node)
    if scope not in token.scopes:
        raise GraphError(10, f"The token lacks {scope}.")


def debug_token(call: Call) -> Answer:
    """`GET /debug_token?input_token=`: by the app or by the same token; bad ones are still 200."""
    permit = identify(call)
    value = call.parameter("input_token")
    if not value:
        raise GraphError(100, message="(#100) The parameter input_token is required")
    if not permit.is_app and (permit.token is None or permit.token.value != value):
        raise GraphError(
            100,
            message="(#100) You must provide an app access token, or a user access token that"
            " is an owner or developer of the app",
        )
    token = call.state.tokens.get(value)
    if token is None or token.kind == "INSTAGRAM":
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return Answer({"data": {"error": error, "is_valid": False, "scopes": []}})
    return Answer({"data": _description(call, token)})


def _description(call: Call, token: Token) -> Json:
    data: Json = {
        "app_id": call.state.app_id,
        "type": token.kind,
        "application": "Simulated app",
        "data_access_expires_at": 0,
        "expires_at": int(token.expires_at),
        "is_valid": True,
        "issued_at": int(token.issued_at),
        "scopes": list(token.scopes),
        "granular_scopes": [
            {"scope": scope, "target_ids": _targets(call, token, scope)} for scope in token.scopes
        ],
        "user_id": "122100000000000001",
    }
    if token.kind == "PAGE":
        data["profile_id"] = call.state.instagram.accounts[token.ig_id].page_id
    problem = token_problem(call, token)
    if problem is not None:
        data["is_valid"] = False
        data["error"] = {"code": 190, "message": problem.message, "subcode": problem.subcode}
    return data


def _targets(call: Call, token: Token, scope: str) -> list[str]:
    """The ids for which a permission was granted: WABAs, Pages or Instagram accounts."""
    if scope.startswith("whatsapp"):
        return list(token.waba_ids)
    ig_ids = token.ig_ids or [token.ig_id]
    accounts = [call.state.instagram.accounts[one] for one in ig_ids if one]
    return [one.page_id if scope.startswith("pages") else one.ig_id for one in accounts]


def probe_me(call: Call) -> Answer:
    """`GET /me`: tells a living version from an unknown one even without a token."""
    if not bearer(call):
        raise GraphError(
            2500,
            message="An active access token must be used to query information about the current"
            " user.",
        )
    identify(call)
    return Answer({"id": "122100000000000001", "name": "Simulated system user"})
