"""The places of row 29, in the order in which a send passes them."""

PLACES = ("before_lease", "after_lease", "half_written", "written", "answered", "committed")
