"""The backoffice's site."""

from unfold.sites import UnfoldAdminSite


class Backoffice(UnfoldAdminSite):
    """Support staff work here, inside one tenant at a time."""
