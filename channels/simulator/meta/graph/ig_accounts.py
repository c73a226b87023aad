"""Accounts on both hosts: who may act for them, their node, subscriptions, uploads, profile."""

from __future__ import annotations

import json
import re

from channels.simulator.meta.errors import GraphError, missing_object
from channels.simulator.meta.graph.call import Answer, Call
from channels.simulator.meta.graph.nodes import pick
from channels.simulator.meta.graph.permits import identify
from channels.simulator.meta.instagram.attachments import LIMITS, file_problem, source_of
from channels.simulator.meta.instagram.comments import comment_value
from channels.simulator.meta.instagram.errors import invalid, refused
from channels.simulator.meta.instagram.outbound import send
from channels.simulator.meta.instagram.records import Account, Upload
from channels.simulator.meta.instagram.rules import check_button, list_of, words
from channels.simulator.meta.records import Json

MENTIONED = re.compile(r"mentioned_(comment|media)\.(?:comment|media)_id\((\w+)\)")
# What each kind of call needs: (on graph.instagram.com, on graph.facebook.com).
SCOPES = {
    "basic": ("instagram_business_basic", "instagram_basic"),
    "messages": ("instagram_business_manage_messages", "instagram_manage_messages"),
    "comments": ("instagram_business_manage_comments", "instagram_manage_comments"),
    "subscribe": ("instagram_business_basic", "pages_manage_metadata"),
}
FIELDS = (
    "messages",
    "message_echoes",
    "message_reactions",
    "messaging_reactions",
    "messaging_postbacks",
    "messaging_seen",
    "messaging_referral",
    "messaging_optins",
    "message_edit",
    "messaging_handover",
    "standby",
    "messaging_policy_enforcement",
    "response_feedback",
    "comments",
    "live_comments",
    "mentions",
    "story_insights",
    "feed",
)


def acting_account(call: Call, need: str, key: str = "") -> Account:
    """The account of the token, which must be the one that the path (or `key`) names.

    Another account or a missing one is 100/33, a missing permission 10 (for messages 200).
    """
    token = identify(call).token
    node = key or call.node
    account = call.state.instagram.accounts.get(token.ig_id) if token is not None else None
    named = account if node == "me" else call.state.instagram.account_of(node)
    if token is None or account is None or named is not account:
        raise missing_object(call.request.method, call.node)
    scope = SCOPES[need][0 if call.is_instagram else 1]
    if scope not in token.scopes:
        code = 200 if need == "messages" else 10
        raise GraphError(code, message=f"(#{code}) Requires the {scope} permission")
    return account


def account_node(call: Call, account: Account) -> Json:
    """All fields of an account; on graph.instagram.com `id` is the app's own id for it."""
    return {
        "id": account.scoped_id if call.is_instagram else account.ig_id,
        "user_id": account.ig_id,
        "username": account.username,
        "name": account.name,
        "account_type": account.account_type,
        "profile_picture_url": f"https://scontent.example/{account.ig_id}.jpg",
        "followers_count": 1200,
        "follows_count": 12,
        "media_count": 1,
    }


async def get_account(call: Call) -> Answer:
    """`GET /{me|IG_ID|PAGE_ID}?fields=`."""
    account = acting_account(call, "basic")
    mention = MENTIONED.match(call.parameter("fields"))
    if mention:
        return Answer({**_mentioned(call, mention[1], mention[2]), "id": account.ig_id})
    token = identify(call).token
    is_page = call.node == account.page_id or (call.node == "me" and not call.is_instagram)
    if is_page and token is not None:
        node: Json = {"id": account.page_id, "name": f"{account.name} Page", "tasks": ["MESSAGE"]}
        linked = {"id": account.ig_id, "username": account.username}
        node["instagram_business_account"] = linked
        node["connected_instagram_account"] = linked
        return Answer(pick(node, call.fields("id,name"), "Page"))
    return Answer(pick(account_node(call, account), call.fields("id"), "IGUser"))


def _mentioned(call: Call, kind: str, key: str) -> Json:
    """`mentioned_comment.comment_id(…)` or `mentioned_media.media_id(…)`: what a mention says."""
    instagram = call.state.instagram
    if kind == "media":
        return {"mentioned_media": {"id": key, "caption": "Look, @us", "username": "somebody"}}
    comment = instagram.comments.get(key)
    if comment is None:
        raise missing_object("GET", call.node)
    value = comment_value(call.sim, comment)
    shown = {"id": key, "text": comment.text, "username": value["from"]["username"]}
    return {"mentioned_comment": {**shown, "media": {"id": comment.media_id}}}


async def post_message(call: Call) -> Answer:
    """`POST /{me|IG_ID|PAGE_ID}/messages`."""
    account = acting_account(call, "messages")
    if not call.is_instagram and call.node == account.ig_id:
        raise missing_object("POST", call.node)
    answer = await send(call.sim, account, call.body, call.is_instagram)
    call.entry["wamid"] = answer.get("message_id")
    return Answer(answer)


async def upload_attachment(call: Call) -> Answer:
    """`POST /{me|PAGE_ID}/message_attachments`: by link or as `filedata`, sent often by its id."""
    account = acting_account(call, "messages")
    if not call.is_instagram and call.parameter("platform") != "instagram":
        raise invalid("Param platform must be instagram")
    message = call.body.get("message")
    if call.upload is not None and isinstance(message, str):
        message = _read(message)
    attachment = message.get("attachment") if isinstance(message, dict) else None
    if not isinstance(attachment, dict) or attachment.get("type") not in LIMITS:
        raise invalid("Param message[attachment] must have a type and a payload")
    payload = attachment.get("payload")
    if call.upload is not None:
        found = _keep(call, account, attachment["type"])
    elif not isinstance(payload, dict) or "attachment_id" in payload or not payload.get("url"):
        raise refused(2018008)
    else:
        found = await source_of(call.sim, account.ig_id, attachment)
    upload = Upload(call.state.new_id(), account.ig_id, attachment["type"], "")
    upload.media_id, upload.url = found.get("id", ""), found.get("url", "")
    call.state.instagram.uploads[upload.attachment_id] = upload
    return Answer({"attachment_id": upload.attachment_id})


def _read(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid("Param message must be a JSON object")
    return found


def _keep(call: Call, account: Account, kind: str) -> Json:
    """The file of a multipart upload."""
    content: bytes = call.body["_content"]
    mime_type = (call.upload.content_type or "") if call.upload is not None else ""
    problem = file_problem(kind, mime_type.partition(";")[0], len(content))
    if problem is not None:
        raise problem
    return {"id": call.state.add_media(account.ig_id, mime_type, content, "upload").media_id}


def _subscription(call: Call) -> tuple[Account, list[str]]:
    account = acting_account(call, "subscribe")
    return account, account.instagram_fields if call.is_instagram else account.page_fields


async def subscribe(call: Call) -> Answer:
    """`POST …/subscribed_apps?subscribed_fields=`; at least one known field."""
    _, held = _subscription(call)
    given = [name.strip() for name in call.parameter("subscribed_fields").split(",") if name]
    if not given:
        raise invalid("The parameter subscribed_fields is required.")
    for name in given:
        if name not in FIELDS:
            raise invalid(f"Param subscribed_fields[0] must be one of the known fields: {name}")
    held[:] = list(dict.fromkeys(given))
    return Answer({"success": True})


async def unsubscribe(call: Call) -> Answer:
    """`DELETE …/subscribed_apps`."""
    _subscription(call)[1].clear()
    return Answer({"success": True})


async def list_subscriptions(call: Call) -> Answer:
    """`GET …/subscribed_apps`: our app with its fields, or nothing."""
    _, held = _subscription(call)
    app_id = call.state.instagram.app_id if call.is_instagram else call.state.app_id
    app = {"id": app_id, "name": "Simulated app", "subscribed_fields": list(held)}
    return Answer({"data": [app] if held else []})


async def get_profile(call: Call) -> Answer:
    """`GET …/messenger_profile?fields=ice_breakers,persistent_menu`."""
    account = acting_account(call, "messages")
    wanted = call.fields("ice_breakers,persistent_menu")
    found = {name: account.profile[name] for name in wanted if name in account.profile}
    return Answer({"data": [found] if found else []})


async def set_profile(call: Call) -> Answer:
    """`POST …/messenger_profile`: at most four questions, a menu of postbacks and links."""
    account = acting_account(call, "messages")
    given = {name: call.body[name] for name in PROFILE if name in call.body}
    if not given or call.parameter("platform", "instagram") != "instagram":
        raise invalid("Param platform must be instagram, with ice_breakers or persistent_menu")
    for name, value in given.items():
        for entry in list_of(value, name, 50):
            PROFILE[name](entry)
    account.profile.update(given)
    call.sim.hub.publish("people", {})
    return Answer({"result": "success"})


async def clear_profile(call: Call) -> Answer:
    """`DELETE …/messenger_profile {"fields": […]}`."""
    account = acting_account(call, "messages")
    fields = call.body.get("fields") or call.fields("")
    if not isinstance(fields, list) or not fields:
        raise invalid("The parameter fields is required.")
    for name in fields:
        account.profile.pop(str(name), None)
    call.sim.hub.publish("people", {})
    return Answer({"result": "success"})


def _check_questions(entry: Json) -> None:
    for one in list_of(entry.get("call_to_actions"), "ice_breakers[call_to_actions]", 4):
        words(one, "question", "ice_breakers[question]", 80)
        words(one, "payload", "ice_breakers[payload]", 1000)


def _check_menu(entry: Json) -> None:
    words(entry, "locale", "persistent_menu[locale]", 20)
    for one in list_of(entry.get("call_to_actions"), "persistent_menu[call_to_actions]", 20):
        check_button(one)


PROFILE = {"ice_breakers": _check_questions, "persistent_menu": _check_menu}
