"""Meta's error codes as data, and the exception that becomes a Graph API error answer."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from channels.simulator.meta.records import Json

HELP = "https://developers.facebook.com/docs/graph-api"


class Code(NamedTuple):
    """`http`: status of the sync answer. `late`: Meta usually says it in a `failed` status."""

    http: int
    message: str
    late: bool = False


CODES: dict[int, Code] = {
    0: Code(401, "AuthException"),
    1: Code(400, "API Unknown"),
    2: Code(503, "API Service"),
    3: Code(500, "API Method"),
    4: Code(400, "Application request limit reached"),
    10: Code(403, "Application does not have permission for this action"),
    17: Code(400, "User request limit reached"),
    32: Code(400, "Page request limit reached"),
    33: Code(400, "Parameter value is not valid"),
    100: Code(400, "Invalid parameter"),
    102: Code(401, "Session key invalid or no longer valid"),
    104: Code(400, "Incorrect signature"),
    190: Code(401, "Access token has expired"),
    200: Code(403, "Permissions error"),
    294: Code(403, "Managing advertisements requires extended permission"),
    341: Code(400, "Application limit reached"),
    368: Code(403, "Temporarily blocked for policies violations"),
    506: Code(400, "Duplicate Post"),
    613: Code(400, "Calls to this api have exceeded the rate limit"),
    1026: Code(400, "Receiver Incapable", True),
    2200: Code(400, "Callback verification failed"),
    2500: Code(
        400, "An active access token must be used to query information about the current user."
    ),
    9: Code(400, "Too many actions"),
    24: Code(400, "The requested resource does not exist"),
    25: Code(400, "The account is restricted"),
    230: Code(403, "User consent is required to access user profile"),
    551: Code(400, "This person isn't available right now."),
    803: Code(404, "Some of the aliases you requested do not exist"),
    36103: Code(400, "The account is not eligible for the API"),
    9000001: Code(400, "The message has been deleted"),
    80001: Code(400, "There have been too many calls to this Page account."),
    80002: Code(400, "There have been too many calls to this Instagram account."),
    80006: Code(400, "There have been too many messenger calls."),
    80007: Code(400, "Rate limit issues"),
    80008: Code(400, "There have been too many calls to this WhatsApp Business account."),
    130403: Code(400, "User is blocked by the business", True),
    130429: Code(400, "Rate limit hit"),
    130472: Code(400, "User's number is part of an experiment", True),
    130497: Code(403, "Business account is restricted from messaging users in this country.", True),
    131000: Code(500, "Something went wrong"),
    131005: Code(403, "Access denied"),
    131008: Code(400, "Required parameter is missing"),
    131009: Code(400, "Parameter value is not valid"),
    131014: Code(400, "Request for url failed", True),
    131016: Code(500, "Service unavailable"),
    131021: Code(400, "Recipient cannot be sender"),
    131026: Code(400, "Message undeliverable", True),
    131030: Code(400, "Recipient phone number not in allowed list"),
    131031: Code(403, "Account has been locked"),
    131037: Code(400, "Display name approval is required", True),
    131041: Code(400, "Group unknown"),
    131042: Code(400, "Business eligibility payment issue", True),
    131044: Code(400, "No payment method", True),
    131045: Code(500, "Incorrect certificate", True),
    131047: Code(400, "Re-engagement message", True),
    131048: Code(400, "Spam rate limit hit", True),
    131049: Code(
        400, "This message was not delivered to maintain healthy ecosystem engagement.", True
    ),
    131050: Code(400, "User has stopped marketing messages from this business", True),
    131051: Code(400, "Unsupported message type"),
    131052: Code(400, "Media download error", True),
    131053: Code(400, "Media upload error", True),
    131055: Code(400, "Method not allowed"),
    131056: Code(400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: Code(500, "Account in maintenance mode"),
    131059: Code(400, "Paging cursor is invalid"),
    131062: Code(400, "Business-scoped user id recipients are not supported for this message"),
    131063: Code(400, "Marketing templates are disabled on Cloud API for this account"),
    131064: Code(400, "Messages limited because of template misclassification"),
    132000: Code(400, "Number of parameters does not match the expected number of params"),
    132001: Code(404, "Template name does not exist in the translation"),
    132005: Code(400, "Translated text too long"),
    132007: Code(400, "Template format character policy violated"),
    132008: Code(400, "Template parameter format mismatch"),
    132012: Code(400, "Parameter format does not match format in the created template"),
    132015: Code(400, "Template is paused"),
    132016: Code(400, "Template is disabled"),
    132018: Code(400, "Template parameters are invalid"),
    132068: Code(400, "Flow is blocked"),
    132069: Code(400, "Flow is throttled"),
    133000: Code(500, "Incomplete deregistration"),
    133004: Code(503, "Server temporarily unavailable"),
    133005: Code(400, "Two-step verification PIN mismatch"),
    133006: Code(400, "Phone number re-verification needed"),
    133008: Code(400, "Too many two-step verification PIN guesses"),
    133009: Code(400, "Two-step verification PIN guessed too fast"),
    133010: Code(400, "Phone number is not registered"),
    133015: Code(400, "Phone number was recently deleted"),
    133016: Code(400, "Account register/deregister rate limit exceeded"),
    134011: Code(400, "Payments terms of service have not been accepted"),
    135000: Code(400, "Generic user error", True),
    137000: Code(400, "Recipient identity key hash mismatch", True),
}

TRANSIENT = {1, 2, 4, 17, 32, 341, 613, 80001, 80002, 80006, 80007, 80008, 131000, 131016, 133004}


class GraphError(Exception):
    """A refusal in Meta's shape. `details` says which field, as `error_data.details` does."""

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        message: str = "",
        http: int | None = None,
        subcode: int | None = None,
        kind: str = "OAuthException",
        headers: dict[str, str] | None = None,
    ) -> None:
        known = CODES.get(code)
        self.code = code
        self.details = details
        self.message = message or f"(#{code}) {known.message if known else 'Unknown error'}"
        self.http = http or (known.http if known else 400)
        self.subcode = subcode
        self.kind = kind
        self.headers = headers or {}
        super().__init__(self.message)

    def body(self) -> Json:
        """The JSON answer. `fbtrace_id` is new each time."""
        error: Json = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.code in TRANSIENT:
            error["is_transient"] = True
        error["fbtrace_id"] = trace_id()
        return {"error": error}


def trace_id() -> str:
    """A fresh id in the form of Meta's `fbtrace_id`."""
    return "A" + secrets.token_urlsafe(16)


def missing_object(method: str, node_id: str) -> GraphError:
    """Meta's single answer for "does not exist" and "you may not": code 100, subcode 33."""
    verb = "get" if method == "GET" else method.lower()
    return GraphError(
        100,
        message=f"Unsupported {verb} request. Object with ID '{node_id}' does not exist, cannot"
        " be loaded due to missing permissions, or does not support this operation. Please read"
        f" the Graph API documentation at {HELP}",
        subcode=33,
        kind="GraphMethodException",
    )


def webhook_error(code: int, details: str = "") -> Json:
    """The object that stands in `errors[]` of a failed status or an unsupported message."""
    title = CODES[code].message if code in CODES else "Unknown error"
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or f"{title.rstrip('.')} (simulated)."},
        "href": "/documentation/business-messaging/whatsapp/support/error-codes",
    }


def code_in_number(wa_id: str) -> int | None:
    """The error a test number asks for: its last six digits, when they are a known code."""
    tail = wa_id[-6:]
    code = int(tail) if tail.isdigit() and len(wa_id) > 6 else 0
    return code if code in CODES and code >= 100000 else None
