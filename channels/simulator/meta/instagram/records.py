"""The things Instagram knows about: professional accounts, people, comments, uploads."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels.simulator.meta.records import Json

PATIENCE_S = 3600.0


@dataclass
class Account:
    """A professional account. `ig_id` is the id of webhooks, `scoped_id` that of `/me`.

    `access_token` serves graph.instagram.com; with a `page_id`, `page_access_token` serves
    graph.facebook.com. `allows_access` is the owner's "allow access to messages", `is_owner`
    whether our app controls the threads, `failing_since` when the first webhook failed after the
    last one that was taken.
    """

    ig_id: str
    username: str
    name: str = ""
    scoped_id: str = ""
    access_token: str = ""
    page_id: str = ""
    page_access_token: str = ""
    account_type: str = "BUSINESS"
    allows_access: bool = True
    is_owner: bool = True
    is_restricted: bool = False
    has_albums: bool = True
    instagram_fields: list[str] = field(default_factory=list)
    page_fields: list[str] = field(default_factory=list)
    failing_since: float | None = None
    profile: Json = field(default_factory=dict)

    @property
    def is_subscribed(self) -> bool:
        """Whether events of this account leave: either flavour subscribed at least one field."""
        return bool(self.instagram_fields or self.page_fields)

    def note_webhook(self, at: float, *, is_taken: bool) -> None:
        """After an hour without one that was taken the account's subscription is gone, silently."""
        if is_taken:
            self.failing_since = None
        elif self.failing_since is None:
            self.failing_since = at
        elif at - self.failing_since >= PATIENCE_S:
            self.lose_subscription()

    def lose_subscription(self) -> None:
        """No more events leave until somebody subscribes again."""
        self.instagram_fields, self.page_fields, self.failing_since = [], [], None


@dataclass
class Person:
    """Somebody on Instagram. `has_written` is the consent without which there is no profile."""

    igsid: str
    username: str
    name: str | None = None
    follower_count: int = 42
    is_verified_user: bool = False
    is_user_follow_business: bool = True
    has_blocked: bool = False
    has_written: bool = False


@dataclass
class Comment:
    """A comment below a post. `answered` after its one private reply."""

    comment_id: str
    ig_id: str
    igsid: str
    text: str
    media_id: str
    at: float
    parent_id: str = ""
    is_hidden: bool = False
    is_live: bool = False
    answered: bool = False
    is_ours: bool = False


@dataclass
class Upload:
    """A file that was uploaded once to be sent often."""

    attachment_id: str
    ig_id: str
    kind: str
    media_id: str
    url: str = ""
