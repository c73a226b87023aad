"""Which handler answers which node, edge and method.

A node's kind is found by its id. Each channel has a file of rows like `ig_routes`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph import (
    ig_routes,
    media,
    messages,
    nodes,
    pages,
    permits,
    registration,
    subscriptions,
    templates,
    uploads,
)
from channels.simulator.meta.graph.call import HOSTS, Answer, Call

Handler = Callable[[Call], Awaitable[Answer]]


async def _debug_token(call: Call) -> Answer:
    return permits.debug_token(call)


async def _probe_me(call: Call) -> Answer:
    return permits.probe_me(call)


async def _list_pages(call: Call) -> Answer:
    return pages.list_pages(call)


async def _download(call: Call) -> Answer:
    return media.download_media(call)


async def _show_example(call: Call) -> Answer:
    return uploads.show_example(call)


ROUTES: dict[tuple[str, str, str], Handler] = {
    ("number", "messages", "POST"): messages.post_messages,
    ("number", "media", "POST"): media.upload_media,
    ("number", "", "GET"): nodes.get_number,
    ("number", "", "POST"): nodes.post_number,
    ("number", "register", "POST"): registration.register,
    ("number", "deregister", "POST"): registration.deregister,
    ("number", "request_code", "POST"): registration.request_code,
    ("number", "verify_code", "POST"): registration.verify_code,
    ("media", "", "GET"): media.describe_media,
    ("media", "", "DELETE"): media.delete_media,
    ("waba", "", "GET"): nodes.get_waba,
    ("waba", "phone_numbers", "GET"): nodes.list_numbers,
    ("waba", "subscribed_apps", "POST"): subscriptions.subscribe_waba,
    ("waba", "subscribed_apps", "GET"): subscriptions.list_subscribed_apps,
    ("waba", "subscribed_apps", "DELETE"): subscriptions.unsubscribe_waba,
    ("waba", "message_templates", "GET"): templates.list_templates,
    ("waba", "message_templates", "POST"): templates.create_template,
    ("waba", "message_templates", "DELETE"): templates.delete_templates,
    ("template", "", "GET"): templates.get_template,
    ("template", "", "POST"): templates.edit_template,
    ("template", "unpause", "POST"): templates.unpause_template,
    ("app", "uploads", "POST"): uploads.begin_upload,
    ("upload", "", "POST"): uploads.take_upload,
    ("app", "subscriptions", "POST"): subscriptions.subscribe_app,
    ("app", "subscriptions", "GET"): subscriptions.list_app_subscriptions,
    ("debug_token", "", "GET"): _debug_token,
    ("me", "", "GET"): _probe_me,
    ("me", "accounts", "GET"): _list_pages,
    ("_media", "whatsapp_business", "GET"): _download,
    ("_media", "whatsapp_examples", "GET"): _show_example,
    **ig_routes.ROUTES,
}
WORDS = ("debug_token", "oauth", "me", "_media")


def kind_of(call: Call) -> str:
    """What this id is: `number`, `waba`, `media`, `template`, `upload`, `app`, a fixed word, or nothing."""
    state, node = call.state, call.node
    found = ig_routes.instagram_kind(call)
    if found:
        return found
    if call.host != HOSTS[0]:
        return "me" if node == "me" else ""
    if node in WORDS:
        return node
    homes: dict[str, Mapping[str, object]] = {
        "number": state.numbers,
        "waba": state.wabas,
        "media": state.media,
        "template": state.templates,
        "upload": state.uploads,
    }
    found = next((kind for kind, home in homes.items() if node in home), "")
    is_app = node in (state.app_id, state.instagram.app_id)
    return "app" if not found and is_app else found


async def handle(call: Call) -> Answer:
    """Find and run the handler. Raises `GraphError`, also for what does not exist."""
    if call.version > call.state.settings.newest_version:
        words = f"Unknown path components: {call.request.url.path}"
        raise GraphError(2500, message=words)
    handler = ROUTES.get((kind_of(call), call.edge, call.request.method))
    if handler is None:
        permits.identify(call)
        raise missing_object(call.request.method, call.node or "/")
    if call.problem is not None:
        permits.identify(call)
        raise call.problem
    return await handler(call)
