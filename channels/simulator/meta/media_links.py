"""Expiring download links, as Meta's media host gives them."""

from __future__ import annotations

import hmac

from channels.simulator.meta.records import Media
from channels.simulator.meta.signing import keyed_hash
from channels.simulator.meta.state import State


def media_url(state: State, base_url: str, media: Media) -> str:
    """A link for these bytes that stops working after `media_url_ttl_s` (Meta: five minutes)."""
    until = int(state.now()) + state.settings.media_url_ttl_s
    proof = keyed_hash(state.app_secret, f"{media.media_id}|{until}")[:32]
    path = "_media/whatsapp_business/attachments/"
    return f"{base_url}/{path}?mid={media.media_id}&ext={until}&hash={proof}"


def is_link_valid(state: State, media_id: str, until: str, proof: str) -> bool:
    """Whether the link is ours and its time is not over."""
    wanted = keyed_hash(state.app_secret, f"{media_id}|{until}")[:32]
    return until.isdigit() and hmac.compare_digest(wanted, proof) and int(until) >= state.now()
