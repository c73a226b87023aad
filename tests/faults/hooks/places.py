"""The places of row 29, in the order in which a send passes them."""

PLACES = ("before_lease", "after_lease", "half_written", "written", "answered", "committed")
"""Of a send that has its turn alone: the attempt is recorded after the lease."""

CALLS = ("half_written", "written", "answered")
"""Of sends that share a turn, those that each passes in a thread of its own."""

SHARED = ("before_lease", "recorded", "committed")
"""Those that all the sends of a turn pass at once; lease and attempt are one write there."""
