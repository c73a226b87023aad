"""Events of Instagram that need nothing from the caller: one of each, in Meta's shape."""

from __future__ import annotations

from channels.simulator.meta.records import Json

PAGE_INBOX = 263902037430900
# Attachment types that point to posts, reels and stories, with what stands beside their link.
SHARES: dict[str, Json] = {
    "share": {},
    "ig_post": {"ig_post_media_id": "17900", "title": "New drop"},
    "reel": {"reel_video_id": "17901", "title": "how-to"},
    "ig_reel": {"reel_video_id": "17901", "title": "how-to"},
    "story": {},
    "ig_story": {},
    "story_mention": {},
    "media": {},
    "fallback": {"title": "A link"},
}
PARTS: dict[str, Json] = {
    "referral": {
        "referral": {"ref": "igme-qr-7", "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"}
    },
    "optin": {
        "optin": {
            "type": "notification_messages",
            "payload": "news",
            "notification_messages_token": "t-1",
        }
    },
    "pass_thread_control": {
        "pass_thread_control": {
            "previous_owner_app_id": PAGE_INBOX,
            "new_owner_app_id": 1200000000001,
            "metadata": "to-human",
        }
    },
    "take_thread_control": {
        "take_thread_control": {"previous_owner_app_id": 1200000000001, "metadata": ""}
    },
    "request_thread_control": {
        "request_thread_control": {"requested_owner_app_id": 1200000000001, "metadata": ""}
    },
    "app_roles": {"app_roles": {"1200000000001": ["primary_receiver"]}},
    "policy_enforcement": {"policy_enforcement": {"action": "block", "reason": "Policy"}},
    "response_feedback": {"response_feedback": {"mid": "aWdfMDEz", "feedback": "Good response"}},
}
