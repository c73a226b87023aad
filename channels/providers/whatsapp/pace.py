"""How fast WhatsApp takes messages. Source: Meta's pages on throughput and on pair limits.

A pair may borrow from its future: a burst of up to 45 is taken at once, and then waits until its
messages have been earned at one in six seconds.
"""

from channels.providers.pace import Pace, Rate
from channels.providers.whatsapp import limits

PAIR_BURST, PAIR_SECONDS = 45, 6

PACE = Pace(
    per_second=limits.MESSAGES_PER_SECOND,
    pair=Rate(name="pair", per_second=1 / PAIR_SECONDS, burst=PAIR_BURST),
)
