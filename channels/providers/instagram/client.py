"""Performs requests for one Instagram channel and says precisely what became of each."""

import json
import time
from collections.abc import Sequence
from typing import Any, TypeVar

from channels.providers.contract import (
    Accepted,
    ChannelBroken,
    Check,
    Credentials,
    Downloaded,
    Endpoint,
    InvalidMessage,
    Outcome,
    Rejected,
    Transient,
    Unknown,
)
from channels.providers.events import Commented, Event, Identity
from channels.providers.instagram import album, limits, menus, reading, tokens
from channels.providers.instagram.compose import action_body, upload_body
from channels.providers.instagram.errors import CLASSIFIER, rule_for
from channels.providers.instagram.health import check_account, describe_account, is_listed
from channels.providers.instagram.identity import IGSID
from channels.providers.instagram.login import SUBSCRIBED, account_of
from channels.providers.meta.access import as_int, as_object, as_text, given_id
from channels.providers.meta.graph import Graph, read_json, repeatable
from channels.providers.meta.usage import with_usage
from kernel import egress
from kernel.jsonsafe import pruned

Json = dict[str, Any]
_Answer = TypeVar("_Answer")

_PROFILE_FIELDS = (
    "name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,"
    "is_verified_user"
)
_GONE = (403, 404, 410)
_REFRESH = "Look at the conversation in Instagram; it may have been deleted there."
_ASK_AGAIN = "Ask the customer to send the file again, or look at it in Instagram."


class InstagramClient:
    """The contract's `Client` for both ways of connecting; see `login.py` for ``external``.

    It keeps no state; each method has ``Endpoint.timeout_s`` for all its calls together.
    """

    def __init__(
        self, external: dict[str, str], credentials: Credentials, endpoint: Endpoint
    ) -> None:
        self._account = account_of(external)
        self._graph = Graph(credentials, endpoint, CLASSIFIER, has_proof=self._account.is_page)

    # -------------------------------------------------------------------------- messages

    def send(self, body: Json) -> Outcome:
        """Send a composed body. `Unknown` when it may have been taken; never resend that."""
        if "comment_id" in body:
            return self.reply_to_comment(body["comment_id"], body["message"])
        graph = self._graph.as_one()
        outcome = self._sent(graph, body)
        if album.is_not_enabled(body, outcome):
            return album.send_apart(lambda part: self._sent(graph, part), body)
        return outcome

    def _sent(self, graph: Graph, body: Json) -> Outcome:
        answer = graph.send(self._account.node, "messages", body=body)
        if not isinstance(answer, egress.Response):
            return answer
        return with_usage(self._accepted(read_json(answer), body), answer.headers)

    def mark_read(self, external_id: str, *, typing: bool, recipient: str = "") -> Outcome:
        """Show the customer that we read all so far; ``typing`` also shows that we write.

        Instagram wants the person, not the message: without ``recipient`` (an IGSID) the message
        is read to find its author.
        """
        graph = self._graph.as_one()
        igsid = recipient or self._author_of(graph, external_id)
        if not isinstance(igsid, str):
            return igsid
        for action in ("mark_seen", "typing_on") if typing else ("mark_seen",):
            outcome = self._act(graph, igsid, action)
            if not isinstance(outcome, Accepted):
                return outcome
        return Accepted(external_id=external_id)

    def act(self, igsid: str, action: str) -> Outcome:
        """Perform a sender action: ``mark_seen``, ``typing_on`` or ``typing_off``."""
        return self._act(self._graph, igsid, action)

    def _act(self, graph: Graph, igsid: str, action: str) -> Outcome:
        body = action_body(igsid, action)
        answer = graph.write("POST", self._account.node, "messages", json=body)
        return Accepted(external_id=igsid) if isinstance(answer, dict) else answer

    def read_message(self, mid: str) -> list[Event] | Outcome:
        """Return a message as the API has it now; for what was `Announced` as message or edit."""
        return _about_object(reading.read_message(self._graph, self._account, mid))

    # ----------------------------------------------------------------------------- files

    def upload(self, data: bytes, mime_type: str, filename: str) -> str | Outcome:
        """Store a file at Meta for 90 days and return its id."""
        body = upload_body(_kind_of(mime_type))
        form = {"platform": body["platform"], "message": json.dumps(body["message"])}
        files = {"filedata": (filename or "file", data, mime_type)}
        return self._attachment_id(data=form, files=files)

    def attach(self, kind: str, link: str) -> str | Outcome:
        """Have Meta fetch a file from a public link, and return its id."""
        return self._attachment_id(json=upload_body(kind, {"url": link}))

    def _attachment_id(self, **body: Any) -> str | Outcome:
        answer = self._graph.write("POST", self._account.node, "message_attachments", **body)
        if not isinstance(answer, dict):
            return answer
        found = as_text(answer, "attachment_id")
        return found or Transient(code=0, title="no usable answer (no attachment id)")

    def download(self, media_id: str, *, max_bytes: int) -> Downloaded | Outcome:
        """Return the bytes behind a signed link of Meta's; ``media_id`` is that link.

        It needs no token and expires; `read_message` gives a recent message's links anew.
        """
        try:
            response = self._graph.operation().fetch(
                media_id, max_bytes=max_bytes, with_token=False
            )
        except egress.EgressError as error:
            return _too_large(max_bytes) if error.reason == "too_large" else repeatable(error)
        if response.status in _GONE:
            return Rejected(
                code=response.status, title="The file's link has expired", advice=_ASK_AGAIN
            )
        if not response.ok:
            return repeatable(self._graph.refusal(response))
        served = response.headers.get("Content-Type", "")
        if served.startswith("text/html"):
            return Transient(code=0, title="a page came instead of the file", max_tries=3)
        return Downloaded(data=response.body, mime_type=served)

    # --------------------------------------------------------------------------- account

    def check(self) -> list[Check]:
        """Return the channel's health: token, account, permissions, messages, subscription."""
        return check_account(self._graph.as_one(), self._account)

    def describe(self) -> Json | Outcome:
        """Return what Meta says of the account, in our names, or why it says nothing."""
        return describe_account(self._graph, self._account)

    def templates(self) -> list[Json] | Outcome:
        """Return no templates: Instagram has none that would be approved beforehand."""
        return []

    def subscribe(self) -> Outcome | None:
        """Have the account's webhooks delivered to our app; without it nothing ever arrives.

        Meta ends it after an hour of failed deliveries; to subscribe again is harmless.
        """
        node, fields = self._account.node, SUBSCRIBED[self._account.login]
        params = {"subscribed_fields": fields}
        return self._graph.confirm(node, "POST", node, "subscribed_apps", params=params)

    def unsubscribe(self) -> Outcome:
        """End the delivery of webhooks to our app."""
        node = self._account.node
        return self._graph.confirm(node, "DELETE", node, "subscribed_apps")

    def is_subscribed(self) -> bool | Outcome:
        """Return whether webhooks are delivered to our app, or why that is not known."""
        # An empty list is an answer here, so the object may be empty too.
        answer = self._graph.write("GET", self._account.node, "subscribed_apps")
        return is_listed(answer, self._account.app_id) if isinstance(answer, dict) else answer

    def refresh_token(self) -> tokens.Refreshed | Outcome | None:
        """Return a token for 60 more days; None where tokens do not end by time (a Page's)."""
        return None if self._account.is_page else tokens.refresh(self._graph)

    # ------------------------------------------------------------------ people and comments

    def profile(self, igsid: str) -> Json | Outcome:
        """Return what a customer shows of themselves; an empty object where they show nothing."""
        node = _about_object(self._graph.read(igsid, fields=_PROFILE_FIELDS))
        if isinstance(node, Rejected):
            return {}  # no consent yet, a blocked or vanished account: the message stays all the same
        return _profile(node) if isinstance(node, dict) else node

    def reply_to_comment(self, comment_id: str, text: str) -> Outcome:
        """Answer a comment under it, for all to see. Raises `InvalidMessage` without words."""
        if not text.strip():
            raise InvalidMessage("text", "The text is empty.")
        answer = self._graph.send(comment_id, "replies", body={"message": text})
        if not isinstance(answer, egress.Response):
            return _about_object(answer)
        found = given_id(read_json(answer), "id")
        return Accepted(external_id=found) if found else Unknown(reason="accepted without an id")

    def hide_comment(self, comment_id: str, *, is_hidden: bool = True) -> Outcome:
        """Hide a comment, or show it again."""
        body = {"hide": is_hidden}
        return _about_object(self._graph.confirm(comment_id, "POST", comment_id, json=body))

    def delete_comment(self, comment_id: str) -> Outcome:
        """Delete a comment for good."""
        return _about_object(self._graph.confirm(comment_id, "DELETE", comment_id))

    def read_comment(self, comment_id: str) -> Commented | Outcome:
        """Return a comment; for what was `Announced` as one."""
        return _about_object(reading.read_comment(self._graph, self._account, comment_id))

    def read_mention(self, *, media_id: str, comment_id: str = "") -> Commented | Outcome:
        """Return where the account was mentioned; for what was `Announced` as a mention."""
        found = reading.read_mention(
            self._graph, self._account, media_id=media_id, comment_id=comment_id
        )
        return _about_object(found)

    # ----------------------------------------------------------------------------- menus

    def menus(self) -> Json | Outcome:
        """Return the ``ice_breakers`` and the ``persistent_menu`` that customers see."""
        return menus.read_menus(self._graph, self._account)

    def set_ice_breakers(self, questions: Sequence[Json]) -> Outcome:
        """Offer up to four questions; none takes them away. Raises `InvalidMessage`."""
        if not questions:
            return menus.clear_menu(self._graph, self._account, menus.ICE_BREAKERS)
        body = menus.ice_breakers_body(questions)
        return menus.write_menu(self._graph, self._account, body)

    def set_persistent_menu(self, items: Sequence[Json]) -> Outcome:
        """Offer up to five items; none takes them away. Raises `InvalidMessage`."""
        if not items:
            return menus.clear_menu(self._graph, self._account, menus.PERSISTENT_MENU)
        body = menus.persistent_menu_body(items)
        return menus.write_menu(self._graph, self._account, body)

    # ---------------------------------------------------------------------------- inside

    def _accepted(self, answer: Json, body: Json) -> Accepted | Unknown:
        external_id, recipient = given_id(answer, "message_id"), as_text(answer, "recipient_id")
        if not answer.get("message_id") and recipient and "sender_action" in body:
            # A reaction gets no id; when it was put on which message tells it from others.
            target = as_text(as_object(body, "payload"), "message_id")
            external_id = f"{time.time_ns() // 1_000_000}:{target}"
        if not external_id:
            return Unknown(reason="accepted without a message id")
        alias = Identity(kind=IGSID, value=recipient, scope=self._account.ig_id)
        return Accepted(external_id=external_id, alias=alias if recipient else None)

    def _author_of(self, graph: Graph, mid: str) -> str | Outcome:
        node = graph.read(mid, fields="from,to")
        if not isinstance(node, dict):
            return _about_object(node)
        igsid = as_text(as_object(node, "from"), "id")
        if igsid and not self._account.is_own(igsid):
            return igsid
        return Rejected(code=0, title="The message has no author to show this to", advice=_REFRESH)


def _about_object(answer: _Answer) -> _Answer | Rejected:
    """For one object, "missing or no permission" speaks of it and not of the channel."""
    missing = rule_for(100, 33)
    if isinstance(answer, ChannelBroken) and missing and answer.title == missing.title:
        return Rejected(code=100, title="It is gone, or not ours to see", advice=_REFRESH)
    return answer


def _profile(node: Json) -> Json:
    """A person's profile in our names; what they do not show is absent."""
    shown = {
        "name": as_text(node, "name"),
        "username": as_text(node, "username"),
        "profile_picture_url": as_text(node, "profile_pic"),
        "follower_count": as_int(node, "follower_count"),
        "follows_us": node.get("is_user_follow_business"),
        "is_followed_by_us": node.get("is_business_follow_user"),
        "is_verified": node.get("is_verified_user"),
    }
    found: Json = pruned({name: value for name, value in shown.items() if value not in ("", None)})
    return found


def _kind_of(mime_type: str) -> str:
    bare = mime_type.split(";")[0].strip().lower()
    return next(
        (kind for kind, file in limits.FILES.items() if bare in file.mime_types), "document"
    )


def _too_large(max_bytes: int) -> Rejected:
    detail, advice = f"more than {max_bytes} bytes", "Ask the customer for a smaller file."
    return Rejected(code=0, title="The file is too large", advice=advice, detail=detail)
