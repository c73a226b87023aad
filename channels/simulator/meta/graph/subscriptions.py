"""Who gets the webhooks: the app's subscription and each WABA's `subscribed_apps`."""

from __future__ import annotations

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.handshake import check_callback, verify_app_callback
from channels.simulator.meta.graph.permits import MANAGEMENT, demand, identify
from channels.simulator.meta.records import Json


async def subscribe_waba(call: Call) -> Answer:
    """`POST /{waba_id}/subscribed_apps`, with an optional `override_callback_uri`.

    An override must pass the handshake first. A plain subscription also shakes hands once with the
    app's callback, in the background, since nobody did so in the dashboard of a simulator.
    """
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    waba = call.state.wabas[call.node]
    uri = call.parameter("override_callback_uri")
    if uri:
        await check_callback(call.sim, uri, call.parameter("verify_token"))
    elif call.state.webhook_url and not call.state.callback_verified:
        call.sim.emitter.background(verify_app_callback(call.sim))
    waba.override_callback_uri = uri
    if call.state.app_id not in waba.subscribed_apps:
        waba.subscribed_apps.append(call.state.app_id)
    return Answer({"success": True})


async def list_subscribed_apps(call: Call) -> Answer:
    """`GET /{waba_id}/subscribed_apps`."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    waba = call.state.wabas[call.node]
    data = []
    for app_id in waba.subscribed_apps:
        link = f"https://www.facebook.com/games/?app_id={app_id}"
        api_data = {"id": app_id, "link": link, "name": "Simulated app"}
        item: Json = {"whatsapp_business_api_data": api_data}
        if waba.override_callback_uri:
            item["override_callback_uri"] = waba.override_callback_uri
        data.append(item)
    return Answer({"data": data})


async def unsubscribe_waba(call: Call) -> Answer:
    """`DELETE /{waba_id}/subscribed_apps`: no more events for this WABA."""
    demand(call, identify(call), waba_id=call.node, scope=MANAGEMENT)
    waba = call.state.wabas[call.node]
    waba.subscribed_apps = [name for name in waba.subscribed_apps if name != call.state.app_id]
    return Answer({"success": True})


def _demand_app(call: Call) -> None:
    own = (call.state.app_id, call.state.instagram.app_id)
    if not identify(call).is_app or call.node not in own:
        raise missing_object(call.request.method, call.node)


async def subscribe_app(call: Call) -> Answer:
    """`POST /{app_id}/subscriptions` with the app's token: sets the callback after a handshake."""
    _demand_app(call)
    kind = call.parameter("object")
    if kind not in ("whatsapp_business_account", "instagram"):
        raise GraphError(100, "Param object must be whatsapp_business_account or instagram.")
    url = call.parameter("callback_url")
    await check_callback(call.sim, url, call.parameter("verify_token"))
    if kind == "instagram":
        call.state.instagram.webhook_url = url
        return Answer({"success": True})
    call.state.webhook_url = url
    call.state.callback_verified = True
    return Answer({"success": True})


async def list_app_subscriptions(call: Call) -> Answer:
    """`GET /{app_id}/subscriptions`."""
    _demand_app(call)
    fields = [{"name": "messages", "version": f"v{call.state.settings.webhook_version}.0"}]
    item = {
        "object": "whatsapp_business_account",
        "callback_url": call.state.webhook_url,
        "active": True,
        "fields": fields,
    }
    found = [item] if call.state.webhook_url else []
    address = call.state.instagram.webhook_url
    if address:
        found.append({**item, "object": "instagram", "callback_url": address})
    return Answer({"data": found})
