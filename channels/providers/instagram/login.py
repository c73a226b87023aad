"""The two ways in which an account is connected, and what differs between them.

With Instagram Login the account acts for itself on ``graph.instagram.com``, with a token that
lives 60 days and can be renewed. With Facebook Login it acts through its Facebook Page on
``graph.facebook.com``, with the Page's token, which does not end by time. `Endpoint` names the
host; the channel's external ids tell which it is.
"""

from dataclasses import dataclass

INSTAGRAM, FACEBOOK = "instagram", "facebook"
HOSTS = {INSTAGRAM: "https://graph.instagram.com", FACEBOOK: "https://graph.facebook.com"}

_MESSAGING = (
    "messages,message_reactions,messaging_postbacks,messaging_seen,messaging_referral,"
    "messaging_optins,message_edit,messaging_handover,standby"
)
SCOPES = {
    INSTAGRAM: (
        "instagram_business_basic",
        "instagram_business_manage_messages",
        "instagram_business_manage_comments",
    ),
    FACEBOOK: (
        "instagram_basic",
        "instagram_manage_messages",
        "instagram_manage_comments",
        "pages_manage_metadata",
        "pages_show_list",
        "pages_read_engagement",
    ),
}
# A Page's subscription needs one Page field; the account's own fields are the app's to choose.
SUBSCRIBED = {INSTAGRAM: f"{_MESSAGING},comments,live_comments", FACEBOOK: "messages"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom a client acts for.

    ``ig_id`` is the id of the professional account, as webhooks have it; ``scoped_id`` is the
    account's other id, which Instagram Login's own answers use; ``app_id`` is, of the two app
    ids, the one that belongs to the way of connecting.
    """

    login: str
    ig_id: str
    page_id: str = ""
    scoped_id: str = ""
    username: str = ""
    app_id: str = ""

    @property
    def is_page(self) -> bool:
        """Whether a Facebook Page acts for the account."""
        return self.login == FACEBOOK

    @property
    def node(self) -> str:
        """What messages are sent from; ``me`` is whomever the token belongs to."""
        return (self.page_id if self.is_page else self.ig_id) or "me"

    def is_own(self, id_: str, username: str = "") -> bool:
        """Return whether this id or name is the account's own."""
        own = {self.ig_id, self.page_id, self.scoped_id} - {""}
        return id_ in own or bool(self.username and username == self.username)


def account_of(external: dict[str, str]) -> Account:
    """Return the account behind a channel's external ids.

    ``ig_id``, and for Facebook Login ``page_id``; ``login`` is told by the Page where absent.
    """
    login = external.get("login") or (FACEBOOK if external.get("page_id") else INSTAGRAM)
    app_id = external.get("app_id" if login == FACEBOOK else "instagram_app_id", "")
    return Account(
        login=login,
        ig_id=external.get("ig_id", ""),
        page_id=external.get("page_id", ""),
        scoped_id=external.get("scoped_id", ""),
        username=external.get("username", ""),
        app_id=app_id,
    )
