"""How fast Instagram takes messages, for each account. Source: Meta's page on Instagram's rate limits.

An hourly allowance is spread over the hour: a twentieth of it may be taken at once, so that no
rolling hour sees more than 5 % above it.
"""

from channels.providers.instagram import limits
from channels.providers.pace import Pace, Rate

HOUR_S, BURST_SHARE = 3600, 20

_AUDIO_VIDEO = Rate(name="audio_video", per_second=limits.AUDIO_VIDEO_PER_SECOND)

PACE = Pace(
    per_second=limits.MESSAGES_PER_SECOND,
    types={"audio": _AUDIO_VIDEO, "video": _AUDIO_VIDEO},
    private_reply=Rate(
        name="private_reply",
        per_second=limits.PRIVATE_REPLIES_PER_HOUR / HOUR_S,
        burst=limits.PRIVATE_REPLIES_PER_HOUR // BURST_SHARE,
    ),
    reads=Rate(name="reads", per_second=limits.CONVERSATION_READS_PER_SECOND),
)
