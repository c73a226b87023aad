"""How many examples the parsers' property tests try, and how each test gets its share of them.

``PARSER_EXAMPLES`` is their number for each provider: 2,000 in the suite, 100,000 in
``make parsers``.
"""

import os

from hypothesis import settings

EXAMPLES = int(os.environ.get("PARSER_EXAMPLES", "2000"))


def share(percent: int) -> settings:
    return settings(max_examples=max(1, EXAMPLES * percent // 100), deadline=None)
