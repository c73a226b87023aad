"""When versions of the Graph API end. Source: Meta's changelog page of Graph API versions.

A call to a version that has ended does not fail: the oldest living one answers it, so its
behaviour changes without a sign. That is why the end is told beforehand.
"""

from datetime import date, timedelta

from channels.providers.contract import Check

ENDS = {
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}
"""The last day of each version; a newer one has no end that is known."""

NOTICE = timedelta(days=90)


def check_version(version: str, today: date) -> Check:
    """Return whether the version lives on for at least `NOTICE`, in a sentence."""
    end = ENDS.get(version)
    if end is None:
        sentence = f"Version {version} of the Graph API has no known end."
        return Check(name="version", ok=True, sentence=sentence)
    if end <= today:
        sentence = f"Version {version} of the Graph API ended on {end}; move to a newer one."
    elif end - today <= NOTICE:
        sentence = f"Version {version} of the Graph API ends on {end}; move to a newer one before."
    else:
        sentence = f"Version {version} of the Graph API lives until {end}."
    return Check(name="version", ok=end - today > NOTICE, sentence=sentence)
