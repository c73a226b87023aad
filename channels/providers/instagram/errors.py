"""Meta's error codes for Instagram: what each means here, and what an agent should do.

Unlike WhatsApp's, a code says little without its subcode. Source: Meta's error-code pages for
the Instagram Platform, the Messenger Platform and the Graph API, and what clients have met.
The kinds are those of `channels.providers.meta.rules`.
"""

from channels.providers.meta.classify import Classifier
from channels.providers.meta.rules import Rule, Rules

RULES = Rules()
_add = RULES.add
_HOUR, _MINUTE = 3600.0, 60.0

# A table is read by its rows.
# fmt: off
# ----------------------------------------------------- advice that several codes share
_WAIT = "Nothing to do: it is sent again by itself when the limit allows."
_RETRIED = "Nothing to do: it is tried again by itself."
RECONNECT = "An administrator must connect this Instagram account again."
_GRANT = "An administrator must grant the app this permission and connect the account again."
_FIX = "Report this to your administrator: the request itself must be corrected."
_GONE = "The customer cannot be reached here now; try another channel, or wait until they write."
_CLOSED = ("Wait until the customer writes again. For 7 days after their last message a person may "
           "still answer as a human agent, if the app was approved for that.")
_RESTRICTED = "An administrator must look at the account's status in Instagram and settle it there."
_CONSENT = "Nothing to do: the profile is shown once the customer has written to us."
_OTHER_APP = "Another app answers this conversation; take the thread over before writing."
_PUBLISHING = "Posts are not published from here."
_FILE = "Check that the file is of an allowed type and size, and that its link is public."

# -------------------------------------------------------------- outages, and what may have gone
_add(-1, "R", "Instagram has an internal error", _RETRIED)
_add(-1, "R", "Instagram has an internal error", _RETRIED, subcodes=2207001)
_add(1, "R", "Unknown error, often missing access", _RETRIED, max_tries=2)
_add(1, "R", "Unknown error, often missing access", _GRANT, subcodes=99, max_tries=2)
_add(1, "S", "The answer was unreadable though messages were sent", _FIX, subcodes=1357046)
_add(2, "R", "Service temporarily unavailable, or the customer blocked us", _RETRIED, max_tries=3)
_add(2, "R", "Service temporarily unavailable", _RETRIED, subcodes=1545133)
_add(2, "T", "Meta's privacy terms are not accepted",
     "An administrator must accept the terms in Meta's business settings.", subcodes=2018344)

# --------------------------------------------------------------------------- rates and volume
_add(4, "Q", "The app's call limit is reached", _WAIT, scope="app", wait_s=5 * _MINUTE)
_add(9, "Q", "Too many actions", _WAIT, wait_s=_MINUTE)
_add(9, "Q", "Too many actions", _WAIT, subcodes=2018352, wait_s=_MINUTE)
_add((17, 32), "Q", "Call limit reached", _WAIT, scope="account", wait_s=5 * _MINUTE)
_add(341, "Q", "The app's call limit is reached", _WAIT, scope="app", wait_s=5 * _MINUTE)
_add((80001, 80002, 80006), "Q", "The account's hourly limit is reached", _WAIT, scope="account",
     wait_s=5 * _MINUTE)
_add(613, "Q", "The rate limit is reached", _WAIT, wait_s=_MINUTE)
_add(613, "Q", "The rate limit is reached", _WAIT, subcodes=2534040, wait_s=_MINUTE)
_add(613, "Q", "The volume of requests is uneven", _WAIT, subcodes=1996, wait_s=5 * _MINUTE)
_add(613, "A", "Meta warns of abusive tags", _RESTRICTED, subcodes=2018338)

# -------------------------------------------------------------- permission, window, standing
_add(3, "T", "The app lacks this capability", _GRANT)
_add(10, "T", "Permission denied or removed", _GRANT)
_add(10, "P", "The messaging window is closed", _CLOSED, subcodes=(2534022, 2018278, 2018065))
_add(10, "U", "The customer cannot receive messages now", _GONE, subcodes=2018108)
_add(10, "U", "This kind of message is not available in the thread",
     "Send it as plain text.", subcodes=2018336)
_add(10, "T", "The link between Page and account, or its second factor, needs attention",
     "An administrator must check both in Meta's business settings.", subcodes=2534077)
_add(10, "A", "The account is restricted from messaging for now", _RESTRICTED, subcodes=1893063)
_add(10, "A", "The account is restricted from messaging", _RESTRICTED, subcodes=2534122)
_add(25, "A", "The account is restricted", _RESTRICTED)
_add(25, "A", "The account is restricted", _RESTRICTED, subcodes=2207050)
_add(368, "A", "The account is blocked for breaking a policy", _RESTRICTED)
_add(36103, "A", "The account may not use the API", _RESTRICTED)

# -------------------------------------------------------------------- what the request says
_add(100, "P", "Invalid parameter", _FIX)
_add(100, "T", "The account is missing, or the token may not act for it", RECONNECT, subcodes=33)
_add(100, "U", "No such customer", _GONE, subcodes=(2018001, 2534014))
_add(100, "R", "Our file could not be fetched", _FILE, subcodes=(2018008, 2018294), max_tries=1)
_add(100, "P", "A message and an action came together", _FIX, subcodes=2018014)
_add(100, "P", "The file was not taken: its type does not fit", _FILE, subcodes=2018047)
_add(100, "P", "The uploaded file is unknown here", "Upload the file again.", subcodes=2018074)
_add(100, "P", "The file is too large", "Send a smaller file.", subcodes=2018109)
_add(100, "U", "The conversation was archived or deleted", _GONE, subcodes=2534001)
_add(100, "T", "The Page is not linked to an Instagram account",
     "An administrator must link the account to its Page and connect it again.", subcodes=2534013)
_add(100, "P", "The message is not valid", _FIX, subcodes=2534015)
_add(100, "P", "This comment cannot be answered privately",
     "It may be deleted or answered already; answer it in public.", subcodes=2534025)
_add(100, "A", "The business is blocked from messaging by API", _RESTRICTED, subcodes=2534029)
_add(100, "P", "Another app owns the thread", _OTHER_APP, subcodes=2534037)
_add(2018300, "P", "Another app owns the thread", _OTHER_APP)
_add(2534068, "P", "Several images in one message are not enabled for this account",
     "Send the images one by one.")
_add(803, "P", "Unknown id", _FIX)
_add(9000001, "P", "The message was deleted", "Refresh the conversation.")

# --------------------------------------------------------------------------------- the token
_add(102, "T", "The session is invalid", RECONNECT)
_add(104, "T", "The request's proof was refused", "An administrator must check the app secret.")
_add(190, "T", "The access token is invalid", RECONNECT)
_add(190, "T", "The app was removed from the account", RECONNECT, subcodes=458)
_add(190, "T", "The account is locked by a security check", RECONNECT, subcodes=459)
_add(190, "T", "The password was changed", RECONNECT, subcodes=460)
_add(190, "T", "The access token has expired", RECONNECT, subcodes=463)
_add(190, "T", "The account is not confirmed", RECONNECT, subcodes=464)
_add(190, "T", "The access token was revoked", RECONNECT, subcodes=467)
_add(190, "T", "The user who connected it lost their role on the Page", RECONNECT, subcodes=492)
_add(200, "T", "The permission to message is missing, or the app is not live", _GRANT)
_add(200, "T", "Until its review the app serves its own testers only", _GRANT, subcodes=2018028)
_add(200, "T", "The owner switched off access to messages",
     "The owner must allow access to messages in Instagram: Settings, Messages, Connected tools.",
     subcodes=2534041)
_add(2500, "T", "No active access token came along", RECONNECT)

# ---------------------------------------------------------------------- the person, a profile
_add(551, "U", "The customer is not available", _GONE)
_add((200, 551), "U", "The customer is not available", _GONE, subcodes=1545041)
_add(230, "U", "The customer has not consented to show a profile", _CONSENT)
_add(9010, "U", "No such Instagram user", _CONSENT)
_add(2018218, "U", "The customer has no profile", _CONSENT)
_add(2018247, "U", "The permission does not cover profiles", _CONSENT)

# ----------------------------------------------------------------------- publishing: not ours
_add(24, "P", "Publishing failed: the container is unusable", _PUBLISHING)
_add((36003, 36004), "P", "Publishing failed: the picture does not fit", _PUBLISHING)
_add((352, 9004, 36000, 36001), "P", "Publishing failed", _PUBLISHING)
_add(352, "P", "Publishing failed: the video's format", _PUBLISHING, subcodes=2207026)
_add(4, "P", "Publishing failed: held back as spam", _PUBLISHING, subcodes=2207051)
_add(9, "P", "Publishing failed: the day's limit", _PUBLISHING, subcodes=2207042)
_add(9004, "P", "Publishing failed: the file could not be fetched", _PUBLISHING, subcodes=2207052)
_add(36000, "P", "Publishing failed: the picture is too large", _PUBLISHING, subcodes=2207004)
_add(36001, "P", "Publishing failed: the picture's format", _PUBLISHING, subcodes=2207005)
# fmt: on

CLASSIFIER = Classifier(
    rules=RULES,
    reconnect=RECONNECT,
    undocumented="Instagram refused the message; show this code to your administrator.",
)
classify = CLASSIFIER.outcome


def rule_for(code: int, subcode: int | None = None) -> Rule | None:
    """Return what is documented of a code, the more exact subcode first; None if unknown."""
    return RULES.find(code, subcode)
