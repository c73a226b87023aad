"""The table of the control API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from channels.simulator.meta.control import instagram, people, play, switches, views
from channels.simulator.meta.control.replies import action

ACTIONS = {
    "reset": switches.reset,
    "clock": switches.set_clock,
    "settings": switches.set_settings,
    "chaos": switches.set_chaos,
    "fail-next": switches.fail_next,
    "inject": play.play_inject,
    "inject-raw": play.play_raw,
    "field": play.play_field,
    "status": play.play_status,
    "load": play.play_load,
    "handshake": play.play_handshake,
    "numbers": people.put_number,
    "customers": people.put_customer,
    "tokens": people.put_token,
    "templates": people.put_template,
    "subscriptions": instagram.put_subscription,
    "instagram/inject": instagram.play_event,
    "instagram/change": instagram.play_comment,
    "instagram/accounts": instagram.put_account,
    "instagram/people": instagram.put_person,
    "telephones/look": views.look,
    "telephones/listen": play.play_listen,
}
SWITCHES = ("settings", "chaos", "fail-next", "clock", "load")


async def unknown(request: Request) -> Response:
    """Anything else under /_sim/ is a mistake of the caller, never a Graph call."""
    return JSONResponse({"error": "the control API has no such path or method"}, 404)


def control_routes() -> list[Route]:
    """All routes under /_sim/."""
    return [
        *(Route(f"/_sim/{name}", action(work), methods=["POST"]) for name, work in ACTIONS.items()),
        *(Route(f"/_sim/{name}", views.get_switches, methods=["GET"]) for name in SWITCHES),
        Route("/_sim/requests", views.get_requests),
        Route("/_sim/webhooks", views.get_webhooks),
        Route("/_sim/state", views.get_state),
        Route("/_sim/thread", views.get_thread),
        Route("/_sim/messages/{wamid:path}", views.get_message),
        Route("/_sim/events", views.live),
        Route("/_sim/media", views.upload_file, methods=["POST"]),
        Route("/_sim/media/{media_id}", views.get_file),
        Route("/_sim/{rest:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
