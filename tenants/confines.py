"""What a key that keeps to some channels may hold, and which channels there are to keep to."""

from collections.abc import Callable, Collection

from tenants.permissions import Permission

Known = Callable[[Collection[str]], Collection[str]]
_known: list[Known] = []

# Only what can be kept to channels: conversations, their messages, the channels themselves and the
# events of all these. The rest, such as contacts and members, belongs to no channel.
CONFINABLE: frozenset[Permission] = frozenset(
    permission
    for permission in Permission
    if permission.startswith(("conversations:", "messages:"))
    or permission in (Permission.EVENTS_READ, Permission.CHANNELS_READ)
)


def register_channels(known: Known) -> None:
    """Called once by the app that has channels: ``known`` gives those of some ids that exist."""
    _known[:] = [known]


def unknown_channels(channel_ids: Collection[str]) -> list[str]:
    """Those of the ids that are no channel of the active tenant."""
    found = {id_ for known in _known for id_ in known(channel_ids)} if channel_ids else set()
    return sorted(set(channel_ids) - found)
