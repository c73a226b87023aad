"""Meta's error codes for WhatsApp: what each means here, and what an agent should do.

Kinds: R retry with back-off · Q throttled, wait · T the token, permission or set-up must be
fixed · A the account or number is blocked · P permanent for this message · U permanent for this
person or kind of message. Source: Meta's error-code pages for the Cloud API and Graph API.
Codes arrive in answers to requests and, later, in the ``errors`` of a failed status.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["R", "Q", "T", "A", "P", "U"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a code means. ``scope`` belongs to Q, ``max_tries`` to R; ``wait_s`` is in seconds."""

    code: int
    subcode: int | None
    kind: Kind
    title: str
    advice: str
    scope: str = ""
    wait_s: float | None = None
    max_tries: int | None = None


def rule_for(code: int, subcode: int | None = None) -> Rule | None:
    """Return what is documented of a code, the more exact subcode first; None if unknown."""
    return _RULES.get((code, subcode)) or _RULES.get((code, None))


_RULES: dict[tuple[int, int | None], Rule] = {}
_HOUR, _MINUTE = 3600.0, 60.0


def _add(
    codes: int | Iterable[int],
    kind: Kind,
    title: str,
    advice: str,
    *,
    subcode: int | None = None,
    scope: str = "",
    wait_s: float | None = None,
    max_tries: int | None = None,
) -> None:
    for code in (codes,) if isinstance(codes, int) else codes:
        _RULES[code, subcode] = Rule(
            code=code,
            subcode=subcode,
            kind=kind,
            title=title,
            advice=advice,
            scope=scope or ("number" if kind == "Q" else ""),
            wait_s=wait_s,
            max_tries=max_tries,
        )


# A table is read by its rows.
# fmt: off
# ----------------------------------------------------- advice that several codes share
_WAIT = "Nothing to do: it is sent again by itself when the limit allows."
_RETRIED = "Nothing to do: it is tried again by itself."
RECONNECT = "An administrator must reconnect this channel with a valid access token."
_GRANT = "An administrator must grant the app this permission and reconnect the channel."
_FIX = "Report this to your administrator: the request itself must be corrected."
_TEMPLATE = "Check the template's parameters against its approved text and send it again."
_SHORTER = "Shorten it: header and footer 60 characters, body 1,024, a button 25."
_PARTS = "Correct this part: its text, its variables and their examples."
_META = "An administrator must settle this in Meta's WhatsApp Manager."
_SETUP = "An administrator must finish the number's set-up in WhatsApp Manager."
_CALLS = "Calls are not made from here; reach the customer by message."

# ------------------------------------------------------ Graph API: access and app limits
_add(0, "T", "The app user could not be authenticated", RECONNECT)
_add(1, "R", "Invalid request or temporary outage", _RETRIED, max_tries=3)
_add(2, "R", "Service temporarily unavailable", _RETRIED)
_add(3, "T", "The app lacks this capability", _GRANT)
_add(4, "Q", "The app's call limit is reached", _WAIT, scope="app", wait_s=5 * _MINUTE)
_add(10, "T", "Permission denied or removed", _GRANT)
_add((17, 32, 341, 613), "Q", "Call limit reached", _WAIT, scope="app", wait_s=5 * _MINUTE)
_add(33, "A", "The business phone number was deleted or is unknown", _SETUP)
_add(100, "P", "Invalid parameter", _FIX)
_add(100, "T", "The number is missing or not accessible", RECONNECT, subcode=33)
_add(100, "P", "The template is longer than allowed", _SHORTER, subcode=2388040)
_add(100, "P", "The template's example file is missing or unknown",
     "Upload the file here and name it by its media_id.", subcode=2388273)
_add(100, "P", "The template's header is not valid", _PARTS, subcode=2388047)
_add(100, "P", "The template's body is not valid", _PARTS, subcode=2388072)
_add(100, "P", "The template's footer is not valid", _PARTS, subcode=2388073)
_add(100, "P", "The template has too many variables for its length",
     "Use fewer variables, or more words between them.", subcode=2388293)
_add(100, "P", "The template begins or ends with a variable",
     "Put words before the first variable and after the last.", subcode=2388299)
_add(100, "P", "The account has as many templates as it may",
     "Delete templates that are not used; a verified business may have 6,000.", subcode=2388019)
_add(100, "P", "The template exists already in this language",
     "Edit it, or choose another name.", subcode=2388024)
_add(102, "T", "The session is invalid", RECONNECT)
_add(104, "T", "The request's proof was refused", "An administrator must check the app secret.")
_add(190, "T", "The access token is invalid", RECONNECT)
_add(190, "T", "The app was removed by its user", RECONNECT, subcode=458)
_add(190, "T", "The token's user must log in to Facebook", RECONNECT, subcode=459)
_add(190, "T", "The token's user changed their password", RECONNECT, subcode=460)
_add(190, "T", "The access token has expired", RECONNECT, subcode=463)
_add(190, "T", "The token's user is not confirmed", RECONNECT, subcode=464)
_add(190, "T", "The access token was invalidated", RECONNECT, subcode=467)
_add(190, "T", "The token's user has no role on the page", RECONNECT, subcode=492)
_add(range(200, 300), "T", "Missing permission or asset access", _GRANT)
_add(368, "A", "Temporarily blocked for policy violations", _META, wait_s=6 * _HOUR)
_add(506, "P", "Duplicate post", "The same content was just sent; change it before sending.")
_add((80007, 80008), "Q", "Account's rate limit reached", _WAIT, scope="account",
     wait_s=5 * _MINUTE)

# ----------------------------------------------------------------- sending: the recipient
_add(1026, "U", "The customer's app cannot show this", "Send it as plain text instead.")
_add(130403, "U", "You blocked this customer", "Unblock the customer before writing again.")
_add(130472, "U", "Customer is in a marketing experiment",
     "Do not send this marketing template again; wait until the customer writes.")
_add(130497, "P", "Not allowed in the customer's country",
     "Your business may not message customers in this country; use another channel.")
_add(131021, "P", "The recipient is the sender", "Choose a customer other than yourself.")
_add(131026, "U", "The message cannot be delivered",
     "The number may not be on WhatsApp or runs an old version; wait until the customer writes.")
_add(131030, "P", "Recipient not on the test number's list",
     "An administrator must add the number to the test list, or use a production number.")
_add(131047, "P", "More than 24 hours since the customer wrote",
     "Send an approved template to reopen the conversation.")
_add(131049, "U", "Held back to keep marketing healthy",
     "WhatsApp limits marketing to this customer; wait at least 24 hours before another try.")
_add(131050, "U", "The customer stopped marketing messages",
     "Send no marketing until the customer allows it again; other messages are allowed.")
_add(131062, "P", "This message needs a phone number",
     "Ask the customer for their number: this kind cannot go to a user name.")
_add(137000, "U", "The customer's identity has changed",
     "Confirm with the customer who they are before sending anything sensitive.")

# -------------------------------------------------------------------- sending: the message
_add(130501, "P", "Unsupported message type in a group", "Ask for it in another form.")
_add(131008, "P", "A required parameter is missing", _FIX)
_add(131009, "P", "A parameter's value is not valid",
     "Check buttons, products and the message you react to (at most 30 days old).")
_add(131014, "R", "The media link could not be fetched",
     "Check that the link is public, or upload the file.", max_tries=1)
_add(131051, "P", "Unsupported message type", "Send it as text or as an attachment instead.")
_add(131052, "P", "The media could not be downloaded",
     "Ask the customer to send the file again, at most 100 MB.")
_add(131053, "P", "The media could not be uploaded",
     "Check that the file is of a supported type and size, or send it as a document.")
_add(131055, "P", "Not allowed by this method", "Only marketing templates can go this way.")
_add(131059, "P", "The listing's cursor is no longer valid", "Start the listing again.")
_add(135000, "P", "The message was refused", "Check the message and send it once more.")

# ------------------------------------------------------------------- sending: service, rates
_add(130429, "Q", "The number's throughput is exceeded", _WAIT, wait_s=1)
_add(130429, "Q", "The number's throughput is exceeded", _WAIT, subcode=2494055, wait_s=1)
_add(131000, "R", "Something went wrong at WhatsApp", _RETRIED, max_tries=5)
_add(131005, "T", "Access denied", _GRANT)
_add(131016, "R", "WhatsApp is temporarily unavailable", _RETRIED)
_add(131048, "Q", "Slowed down because customers reported spam",
     "Pause marketing and improve its quality; replies go out when the limit allows.", wait_s=_HOUR)
_add(131056, "Q", "Too many messages to this customer", _WAIT, scope="pair")
_add(131057, "R", "The number is under maintenance", _RETRIED, wait_s=_MINUTE)
_add(131063, "P", "Marketing is switched off for this account",
     "An administrator must allow marketing templates in WhatsApp Manager.")
_add(131064, "Q", "Limited for wrongly categorised templates",
     "Correct the templates' categories; the limit lifts by itself.", scope="template",
     wait_s=6 * _HOUR)

# ------------------------------------------------------------------- the account, the number
_add(131031, "A", "The account is locked", _META)
_add(131037, "A", "The number has no approved display name",
     "An administrator must have a display name approved in WhatsApp Manager.")
_add(131042, "A", "A payment problem blocks the account",
     "An administrator must check the payment method in WhatsApp Manager.")
_add(131044, "A", "The account has no payment method",
     "An administrator must add a payment method in WhatsApp Manager.")
_add(131045, "A", "The number's registration is not valid",
     "An administrator must register the number again.")
_add(133000, "P", "A deregistration is incomplete", "Deregister the number again.")
_add(133004, "R", "The registration server is unavailable", _RETRIED)
_add(133005, "P", "The two-step PIN is wrong", "Enter the right PIN, or reset it.")
_add(133006, "T", "The number must be verified first", _SETUP)
_add((133008, 133009), "Q", "Too many PIN attempts", "Wait before trying again.", wait_s=_HOUR)
_add(133010, "A", "The number is not registered",
     "An administrator must register the number with the Cloud API.")
_add(133015, "Q", "The number was deleted only now", "Wait five minutes.", wait_s=5 * _MINUTE)
_add(133016, "Q", "Too many registrations", "Wait three days.", wait_s=72 * _HOUR)
_add(134011, "T", "The payment terms are not accepted", _META)

# ----------------------------------------------------------------------------- templates
_add(132000, "P", "The template takes another number of parameters", _TEMPLATE)
_add(132001, "P", "No such approved template in this language",
     "Choose another template or language, or have the templates synchronised.")
_add(132005, "P", "The filled-in template is too long", "Shorten the parameters.")
_add(132007, "P", "The template breaks WhatsApp's content policy", "Choose another template.")
_add((132008, 132012), "P", "A template parameter has the wrong format", _TEMPLATE)
_add(132015, "Q", "The template is paused for low quality",
     "Choose another template, or wait until it is released.", scope="template", wait_s=3 * _HOUR)
_add(132016, "P", "The template is disabled", "Choose another template.")
_add(132018, "P", "The template's parameters are not valid",
     "Remove new lines, tabs and runs of spaces from the parameters.")
_add(132068, "P", "The flow is blocked", "Choose a message without this flow.")
_add(132069, "Q", "The flow is throttled", _WAIT, scope="template", wait_s=_HOUR)
_add(134100, "P", "Only marketing templates can go this way", "Choose another template.")
_add(134101, "Q", "The template is still synchronising",
     _WAIT, scope="template", wait_s=10 * _MINUTE)
_add(134102, "A", "The template service refuses the account", _META)
_add(141002, "P", "The template is not approved", "Choose an approved template.")
_add(range(200005, 200008), "P", "Template statistics are not available", _META)

# ---------------------------------------------------- groups, calls, flows, names, moving
_add(131020, "P", "The group has only one member", "Write to the customer directly.")
_add(131041, "P", "The group is unknown", "Write to the customer directly.")
_add((131201, 131202, 131204, 131207, 131209, 131210, 131211, 131212, 131213, 131214, 131215),
     "P", "The group does not allow this", "Write to the customer directly.")
_add(131208, "Q", "Too many group requests", _WAIT, wait_s=_MINUTE)
_add(range(138000, 138026), "P", "The call could not be made", _CALLS)
_add(range(139000, 139005), "P", "The flow could not be changed", _META)
_add(139100, "P", "Some customers could not be blocked", "Check the list and try the rest again.")
_add(139101, "P", "The block list is full", "Unblock someone first; it holds 64,000.")
_add((139102, 139103), "R", "The block list is busy", _RETRIED)
_add(range(147001, 147006), "P", "The business user name was refused", "Choose another name.")
_add((2388001, 2388012, 2388091, 2388093, 2388103), "P", "The number cannot be moved", _SETUP)
_add(2494100, "R", "The number is under maintenance", _RETRIED, wait_s=_MINUTE)
_add(range(2494164, 2494180), "P", "The sign-up could not be completed", "Sign up again.")
_add((2593079, 2593085, 2593107, 2593108, 2593109), "P", "The phone app's data is not shared",
     "The history can be requested once, within a day of connecting, with the owner's consent.")
_add(1752041, "P", "The number is being connected already", "Nothing to do: wait for the first.")
# fmt: on
