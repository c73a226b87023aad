"""Instagram's refusals. Unlike on WhatsApp the subcode says what is wrong."""

from __future__ import annotations

from typing import NamedTuple

from channels.simulator.meta.errors import GraphError


class Refusal(NamedTuple):
    """The code above a subcode and Meta's sentence about it, as far as clients have seen it."""

    code: int
    message: str
    http: int = 400


SUBCODES: dict[int, Refusal] = {
    2207001: Refusal(-1, "Instagram server error, try again later", 500),
    1357046: Refusal(1, "Received Invalid JSON reply", 500),
    1545133: Refusal(2, "Service temporarily unavailable", 500),
    2018344: Refusal(2, "Terms of service have not been accepted"),
    2018352: Refusal(9, "Too many actions"),
    2534022: Refusal(10, "This message is sent outside of allowed window."),
    2018278: Refusal(10, "This message is sent outside of allowed window."),
    2018065: Refusal(10, "This message is sent outside of allowed window."),
    2018108: Refusal(10, "This person can't receive messages right now"),
    2018336: Refusal(10, "The thread cannot be used for this"),
    2534077: Refusal(10, "The link of the account and its Page has a problem"),
    1893063: Refusal(10, "The account is temporarily restricted from messaging"),
    2534122: Refusal(10, "Messaging is restricted for this account"),
    2534040: Refusal(613, "Calls to this api have exceeded the rate limit."),
    1996: Refusal(613, "Inconsistent volume of requests"),
    2018338: Refusal(613, "Abusive use of message tags"),
    2207050: Refusal(25, "The account is restricted"),
    2018001: Refusal(100, "No matching user found"),
    2018008: Refusal(100, "Failed to fetch the file from the url"),
    2018014: Refusal(100, "message and sender_action cannot be sent together"),
    2018047: Refusal(100, "Upload attachment failure. The type does not match the file"),
    2018074: Refusal(100, "Invalid attachment id"),
    2018109: Refusal(100, "Attachment size exceeds allowable limit"),
    2018294: Refusal(100, "The video could not be fetched in time"),
    2534001: Refusal(100, "The thread was archived or deleted by its owner"),
    2534013: Refusal(100, "The Page is not linked to an Instagram account"),
    2534014: Refusal(100, "The requested user cannot be found."),
    2534015: Refusal(100, "Invalid message data"),
    2534025: Refusal(100, "The comment is invalid for a private reply"),
    2534029: Refusal(100, "The business is blocked from the messaging API"),
    2534037: Refusal(100, "The app is not the owner of the thread"),
    2534068: Refusal(100, "Several images are not enabled for this account"),
    1545041: Refusal(551, "This person isn't available right now."),
    2018028: Refusal(200, "Only people with a role in the app can be messaged until review", 403),
    2534041: Refusal(200, "The account owner has disabled access to instagram messages.", 403),
    2018218: Refusal(100, "No profile is available for this user"),
    2018247: Refusal(100, "Insufficient permission for the profile"),
    2018300: Refusal(10, "Another app is controlling this thread now."),
}


def refused(subcode: int, why: str = "", *, http: int | None = None) -> GraphError:
    """The refusal with this subcode; `why` replaces the sentence."""
    known = SUBCODES[subcode]
    words = f"(#{known.code}) {why or known.message}"
    return GraphError(known.code, message=words, subcode=subcode, http=http or known.http)


def invalid(why: str) -> GraphError:
    """Code 100 without a subcode: a parameter is missing or out of bounds."""
    return GraphError(100, message=f"(#100) {why}")


def refusal_in_id(igsid: str) -> GraphError | None:
    """The refusal that a test person asks for: the last seven digits are a known subcode."""
    tail = int(igsid[-7:]) if igsid[-7:].isdigit() and len(igsid) > 7 else 0
    return refused(tail) if tail in SUBCODES and tail > 1_000_000 else None
