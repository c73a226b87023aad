"""Until when after a customer's last message something may be sent, and under which tag.

Source: Meta's page on the messaging window. Whatever opens it counts: a message, a tap on an
ice breaker or a button, a reply to or a mention in a story, an answer to a private reply.
"""

from datetime import timedelta

from channels.providers.contract import InvalidMessage
from channels.providers.instagram import limits

WINDOW = timedelta(hours=limits.WINDOW_HOURS)
HUMAN_AGENT_WINDOW = timedelta(hours=limits.HUMAN_AGENT_HOURS)
PRIVATE_REPLY_WINDOW = timedelta(hours=limits.PRIVATE_REPLY_HOURS)


def tag_for(elapsed: timedelta, *, is_written_by_person: bool) -> str:
    """Return the tag a message needs so long after the customer last wrote; "" within 24 hours.

    Between 24 hours and 7 days only what a person wrote may go, as ``HUMAN_AGENT``. Raises
    `InvalidMessage` for anything else; its limit is in hours.
    """
    if elapsed <= WINDOW:
        return ""
    if not is_written_by_person:
        raise InvalidMessage(
            "window",
            "More than 24 hours have passed since the customer last wrote; only a person may answer.",
            limit=limits.WINDOW_HOURS,
        )
    if elapsed <= HUMAN_AGENT_WINDOW:
        return limits.HUMAN_AGENT
    raise InvalidMessage(
        "window",
        "More than 7 days have passed since the customer last wrote.",
        limit=limits.HUMAN_AGENT_HOURS,
    )


def check_private_reply(elapsed: timedelta) -> None:
    """Raise `InvalidMessage` for a comment that is too old to be answered privately."""
    if elapsed > PRIVATE_REPLY_WINDOW:
        raise InvalidMessage(
            "comment_external_id",
            "A comment can be answered privately for 7 days.",
            limit=limits.PRIVATE_REPLY_HOURS,
        )
