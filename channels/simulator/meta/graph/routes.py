"""Which handler answers which node, edge and method.

A node's kind is found by its id. A new channel adds its kind to `kind_of` and its rows here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph import media, messages, nodes, permits, subscriptions, templates
from channels.simulator.meta.graph.call import NEWEST_VERSION, Answer, Call
from channels.simulator.meta.state import State

Handler = Callable[[Call], Awaitable[Answer]]


async def _debug_token(call: Call) -> Answer:
    return permits.debug_token(call)


async def _exchange_code(call: Call) -> Answer:
    return permits.exchange_code(call)


async def _probe_me(call: Call) -> Answer:
    return permits.probe_me(call)


async def _download(call: Call) -> Answer:
    return media.download_media(call)


ROUTES: dict[tuple[str, str, str], Handler] = {
    ("number", "messages", "POST"): messages.post_messages,
    ("number", "media", "POST"): media.upload_media,
    ("number", "", "GET"): nodes.get_number,
    ("number", "", "POST"): nodes.post_number,
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
    ("app", "subscriptions", "POST"): subscriptions.subscribe_app,
    ("app", "subscriptions", "GET"): subscriptions.list_app_subscriptions,
    ("debug_token", "", "GET"): _debug_token,
    ("oauth", "access_token", "GET"): _exchange_code,
    ("oauth", "access_token", "POST"): _exchange_code,
    ("me", "", "GET"): _probe_me,
    ("_media", "whatsapp_business", "GET"): _download,
}
WORDS = ("debug_token", "oauth", "me", "_media")


def kind_of(state: State, node: str) -> str:
    """What this id is: `number`, `waba`, `media`, `template`, `app`, a fixed word, or nothing."""
    if node in WORDS:
        return node
    homes: dict[str, Mapping[str, object]] = {
        "number": state.numbers,
        "waba": state.wabas,
        "media": state.media,
        "template": state.templates,
    }
    found = next((kind for kind, home in homes.items() if node in home), "")
    return "app" if not found and node == state.app_id else found


async def handle(call: Call) -> Answer:
    """Find and run the handler. Raises `GraphError`, also for what does not exist."""
    if call.version > NEWEST_VERSION:
        words = f"Unknown path components: {call.request.url.path}"
        raise GraphError(2500, message=words)
    handler = ROUTES.get((kind_of(call.state, call.node), call.edge, call.request.method))
    if handler is None:
        permits.identify(call)
        raise missing_object(call.request.method, call.node or "/")
    if call.problem is not None:
        permits.identify(call)
        raise call.problem
    return await handler(call)
