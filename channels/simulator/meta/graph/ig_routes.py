"""The rows of Instagram in the table of routes, and what an id of Instagram is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from channels.simulator.meta.graph import ig_accounts, ig_reading, ig_threads, logins
from channels.simulator.meta.graph.call import Answer, Call, bearer
from channels.simulator.meta.instagram.attachments import file_behind

Handler = Callable[[Call], Awaitable[Answer]]
# Kinds of calls whose host alone, or host and first word, says what they are.
DOORS = {
    ("www.instagram.com", "oauth"): "dialog",
    ("www.facebook.com", "dialog"): "dialog",
    ("api.instagram.com", "oauth"): "instagram_codes",
    ("graph.instagram.com", "access_token"): "lengthen",
    ("graph.instagram.com", "refresh_access_token"): "refresh",
}


async def _download(call: Call) -> Answer:
    """The bytes behind a CDN link, for anyone, until it ends."""
    query = call.request.query_params
    proof = query.get("signature", "")
    media = file_behind(call.sim, query.get("asset_id", ""), query.get("ext", ""), proof)
    if media is None:
        return Answer(b"URL signature expired", 403, content_type="text/plain")
    return Answer(media.content, content_type=media.mime_type)


ROUTES: dict[tuple[str, str, str], Handler] = {
    ("dialog", "authorize", "GET"): logins.consent_page,
    ("dialog", "oauth", "GET"): logins.consent_page,
    ("instagram_codes", "access_token", "POST"): logins.instagram_code,
    ("lengthen", "", "GET"): logins.lengthen,
    ("refresh", "", "GET"): logins.refresh,
    ("oauth", "access_token", "GET"): logins.exchange,
    ("oauth", "access_token", "POST"): logins.exchange,
    ("_media", "ig_messaging_cdn", "GET"): _download,
    ("account", "", "GET"): ig_accounts.get_account,
    ("account", "messages", "POST"): ig_accounts.post_message,
    ("account", "message_attachments", "POST"): ig_accounts.upload_attachment,
    ("account", "subscribed_apps", "POST"): ig_accounts.subscribe,
    ("account", "subscribed_apps", "GET"): ig_accounts.list_subscriptions,
    ("account", "subscribed_apps", "DELETE"): ig_accounts.unsubscribe,
    ("account", "messenger_profile", "GET"): ig_accounts.get_profile,
    ("account", "messenger_profile", "POST"): ig_accounts.set_profile,
    ("account", "messenger_profile", "DELETE"): ig_accounts.clear_profile,
    ("account", "conversations", "GET"): ig_reading.list_conversations,
    **{
        ("account", f"{action}_thread_control", "POST"): ig_threads.control_thread
        for action in ("pass", "take", "request", "release")
    },
    ("conversation", "", "GET"): ig_reading.get_conversation,
    ("person", "", "GET"): ig_reading.get_person,
    ("mid", "", "GET"): ig_reading.get_message,
    ("comment", "", "GET"): ig_reading.get_comment,
    ("comment", "", "POST"): ig_reading.hide_comment,
    ("comment", "", "DELETE"): ig_reading.delete_comment,
    ("comment", "replies", "GET"): ig_reading.list_replies,
    ("comment", "replies", "POST"): ig_reading.reply_to_comment,
}


def instagram_kind(call: Call) -> str:
    """What the path's first part is on Instagram; empty when it is nothing of Instagram."""
    door = DOORS.get((call.host, call.node))
    if door:
        return door
    state, node = call.state, call.node
    if node == "me":
        token = state.tokens.get(bearer(call))
        is_account = token is not None and token.kind in ("INSTAGRAM", "PAGE")
        return "account" if is_account else ""
    if state.instagram.account_of(node) is not None:
        return "account"
    if node in state.instagram.people:
        return "person"
    if node in state.instagram.comments:
        return "comment"
    if ig_reading.pair_of(node) is not None:
        return "conversation"
    found = state.messages.get(node)
    return "mid" if found is not None and node.startswith("aWdf") else ""
