"""Which conversations somebody sees: all, those of their teams, those of nobody, their own.

One rule in two forms: ``sees`` judges a conversation that was read, ``parts_of`` says the same as
filters that indexes serve. What belongs to a conversation (messages, files, deliveries, events) is
seen by those who see it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tenants.access import Principal
from tenants.permissions import Permission

Among = frozenset[str | None]
NOBODY: Among = frozenset({None})


class Place(Protocol):
    """Where a conversation stands; a ``Conversation`` is one."""

    @property
    def channel_id(self) -> str: ...
    @property
    def team_id(self) -> str | None: ...
    @property
    def assignee_id(self) -> str | None: ...


@dataclass(frozen=True)
class Part:
    """Conversations by assignee and by team; None stands for any, and inside a set for nobody.

    A set is either ``NOBODY`` or ids, never both, so that each part is one run of an index.
    """

    assignees: Among | None = None
    teams: Among | None = None

    def holds(self, place: Place) -> bool:
        return _in(place.assignee_id, self.assignees) and _in(place.team_id, self.teams)

    @property
    def index(self) -> str:
        """The index of ``Conversation`` whose run this part is; empty for the part that is everything."""
        if self.assignees is None:
            return "list_team" if self.teams is not None else ""
        return "list_assignee" if self.teams is None else "list_assignee_team"

    def covers(self, other: "Part") -> bool:
        """Whether all of ``other`` is in this one."""
        return _within(other.assignees, self.assignees) and _within(other.teams, self.teams)

    def narrowed(self, wanted: "Part") -> "Part | None":
        """What is in both; None when nothing is."""
        both = Part(_both(self.assignees, wanted.assignees), _both(self.teams, wanted.teams))
        return None if frozenset() in (both.assignees, both.teams) else both


def parts_of(principal: Principal) -> list[Part]:
    """The union of these is what ``principal`` sees, apart from the channels that a key keeps to."""
    held = principal.permissions
    if Permission.CONVERSATIONS_READ_ALL in held:
        return [Part()]
    parts, mine = [], frozenset(principal.team_ids)
    if Permission.CONVERSATIONS_READ_TEAM in held and mine:
        parts.append(Part(teams=frozenset(mine)))
    if Permission.CONVERSATIONS_READ_UNASSIGNED in held:
        parts.append(Part(assignees=NOBODY, teams=NOBODY))
        if mine:
            parts.append(Part(assignees=NOBODY, teams=frozenset(mine)))
    if Permission.CONVERSATIONS_READ_ASSIGNED in held and principal.member_id:
        parts.append(Part(assignees=frozenset({principal.member_id})))
    return _without_covered(parts)


def visible_parts(principal: Principal, wanted: Part) -> list[Part]:
    """``parts_of`` of what is asked for; empty when ``principal`` sees none of it."""
    found = [part.narrowed(wanted) for part in parts_of(principal)]
    return _without_covered([part for part in found if part is not None])


def sees_everything(principal: Principal) -> bool:
    """Whether no conversation of the tenant is hidden from ``principal``."""
    return Permission.CONVERSATIONS_READ_ALL in principal.permissions and not principal.channel_ids


def sees(principal: Principal, place: Place) -> bool:
    """Whether ``principal`` sees the conversation."""
    if principal.channel_ids and place.channel_id not in principal.channel_ids:
        return False
    return any(part.holds(place) for part in parts_of(principal))


def _without_covered(parts: Iterable[Part]) -> list[Part]:
    kept: list[Part] = []
    for part in parts:
        if not any(known.covers(part) for known in kept):
            kept = [known for known in kept if not part.covers(known)] + [part]
    return kept


def _in(value: str | None, among: Among | None) -> bool:
    return among is None or value in among


def _within(inner: Among | None, outer: Among | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _both(one: Among | None, other: Among | None) -> Among | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
