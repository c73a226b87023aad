"""All that the simulator knows of Instagram; a part of `State`, and forgotten with it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable

from channels.simulator.meta.instagram.records import Account, Comment, Person, Upload
from channels.simulator.meta.records import Json, Token
from channels.simulator.meta.settings import apply_patch

INSTAGRAM_SCOPES = [
    "instagram_business_basic",
    "instagram_business_manage_messages",
    "instagram_business_manage_comments",
]
PAGE_SCOPES = [
    "instagram_basic",
    "instagram_manage_messages",
    "instagram_manage_comments",
    "pages_manage_metadata",
    "pages_show_list",
    "pages_read_engagement",
]
TOKEN_LIFE_S = 60 * 86_400


class InstagramState:
    """Accounts, people, comments and uploads. `tokens` is the simulator's one store of tokens."""

    def __init__(self, config: Json, tokens: dict[str, Token], now: Callable[[], float]) -> None:
        app: Json = config.get("instagram", {})
        self.app_id = str(app.get("app_id", "200000000000002"))
        self.app_secret = str(app.get("app_secret", "simulated-instagram-secret"))
        self.webhook_url = str(app.get("webhook_url", ""))
        self.tokens, self.now = tokens, now
        self.accounts: dict[str, Account] = {}
        self.pages: dict[str, Account] = {}
        self.people: dict[str, Person] = {}
        self.comments: dict[str, Comment] = {}
        self.uploads: dict[str, Upload] = {}
        self.posts: dict[str, str] = {}
        for item in app.get("accounts", []):
            self.add_account(item)
        for item in app.get("people", []):
            self.add_person(item)

    def add_account(self, item: Json) -> Account:
        """Add an account with its tokens and one post, or change the one with this `ig_id`."""
        ig_id = str(item["ig_id"])
        account = self.accounts.get(ig_id) or Account(ig_id, f"account{ig_id[-4:]}")
        patch = {name: value for name, value in item.items() if name != "subscribed"}
        apply_patch(account, patch)
        account.scoped_id = account.scoped_id or f"9{ig_id[1:]}"
        account.name = account.name or account.username
        if item.get("subscribed"):
            account.instagram_fields = account.instagram_fields or ["messages"]
        self.accounts[ig_id] = account
        self.posts.setdefault(f"179{ig_id[-12:]}", ig_id)
        if account.access_token:
            self.grant_instagram(account.access_token, account, TOKEN_LIFE_S)
        if account.page_id:
            self.pages[account.page_id] = account
            if account.page_access_token:
                self.grant_page(account.page_access_token, account)
        return account

    def grant_instagram(self, value: str, account: Account, life_s: float) -> Token:
        """A token of Instagram Login for one account."""
        token = self.tokens.setdefault(value, Token(value, [], [], list(INSTAGRAM_SCOPES)))
        token.kind, token.ig_id = "INSTAGRAM", account.ig_id
        token.issued_at, token.expires_at = self.now(), self.now() + life_s
        return token

    def grant_page(self, value: str, account: Account, parent: str = "") -> Token:
        """A Page's token, which does not end by time but with `parent`, the person's token."""
        token = self.tokens.setdefault(value, Token(value, [], [], list(PAGE_SCOPES)))
        token.kind, token.ig_id, token.parent = "PAGE", account.ig_id, parent
        token.issued_at = self.now()
        return token

    def add_person(self, item: Json) -> Person:
        """Add a person or change the one with the same `igsid`."""
        igsid = str(item["igsid"])
        known = self.people.get(igsid) or Person(igsid, f"user{igsid[-5:]}")
        known.name = item.get("name", known.name)
        apply_patch(known, {name: value for name, value in item.items() if name != "name"})
        self.people[igsid] = known
        return known

    def person(self, igsid: str) -> Person:
        """The person with this id; an unknown one begins to exist."""
        return self.people.get(igsid) or self.add_person({"igsid": igsid})

    def account_of(self, key: str) -> Account | None:
        """The account by its `ig_id`, its `scoped_id` or its Page's id."""
        if key in self.accounts or key in self.pages:
            return self.accounts.get(key) or self.pages[key]
        return next((one for one in self.accounts.values() if key == one.scoped_id), None)

    def new_mid(self) -> str:
        """A fresh message id in Instagram's form."""
        return "aWdf" + base64.urlsafe_b64encode(secrets.token_bytes(90)).decode().rstrip("=")
