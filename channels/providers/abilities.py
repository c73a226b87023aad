"""What only some providers and their clients can do; callers ask with ``isinstance``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

from channels.providers.contract import Outcome
from channels.providers.events import Commented, Event


@dataclass(frozen=True, kw_only=True)
class ExampleFile:
    """A file of ours that a template shows as its example; ``kind`` is the provider's name of it.

    ``field`` is where the caller named it.
    """

    field: str
    kind: str
    media_id: str


@runtime_checkable
class TemplateClient(Protocol):
    """What a client of a channel with approved templates can do besides.

    ``upload_example`` answers with the handle by which a template names the file.
    """

    def upload_example(self, data: bytes, mime_type: str) -> "str | Outcome": ...
    def create_template(self, body: dict[str, Any]) -> "dict[str, Any] | Outcome": ...
    def edit_template(self, external_id: str, changes: dict[str, Any]) -> Outcome: ...
    def delete_template(self, name: str, external_id: str) -> Outcome: ...
    def unpause_template(self, external_id: str) -> Outcome: ...


@runtime_checkable
class TemplateProvider(Protocol):
    """What a provider with approved templates checks before one is submitted; raises `InvalidMessage`.

    ``example_files`` are what checked components name by ``media_id``, and ``with_handles`` the
    same components with the handles (media id → handle) in their place. Two are the same if they
    differ in nothing but the addresses at which the provider shows such files.
    """

    def validate_template(
        self, *, name: str, category: str, language: str, components: Any, parameter_format: str
    ) -> None: ...
    def example_files(self, components: Any) -> list[ExampleFile]: ...
    def validate_example(self, file: ExampleFile, mime_type: str, size: int) -> None: ...
    def with_handles(self, components: Any, handles: Mapping[str, str]) -> list[dict[str, Any]]: ...
    def are_same(self, ours: Any, theirs: Any) -> bool: ...


@runtime_checkable
class LooksUp(Protocol):
    """A client that can also read what came as a bare id (`Announced`)."""

    def read_message(self, mid: str) -> "list[Event] | Outcome": ...
    def read_comment(self, comment_id: str) -> "Commented | Outcome": ...
    def read_mention(self, *, media_id: str, comment_id: str = "") -> "Commented | Outcome": ...


@runtime_checkable
class ShowsProfiles(Protocol):
    """A client that can read what a person shows of themselves: ``name`` and ``username``, if anything."""

    def profile(self, igsid: str) -> "dict[str, Any] | Outcome": ...


@runtime_checkable
class FetchesLinks(Protocol):
    """A client whose provider fetches a file from a public link, and answers with its id."""

    def attach(self, kind: str, link: str) -> "str | Outcome": ...


@runtime_checkable
class ActsOnPeople(Protocol):
    """A client that shows reading and typing to a person: ``mark_seen``, ``typing_on``, ``typing_off``."""

    def act(self, igsid: str, action: str) -> Outcome: ...


@runtime_checkable
class ModeratesComments(Protocol):
    """A client that hides comments under the account's own posts, shows them again, and deletes them."""

    def hide_comment(self, comment_id: str, *, is_hidden: bool) -> Outcome: ...
    def delete_comment(self, comment_id: str) -> Outcome: ...


@runtime_checkable
class OffersMenus(Protocol):
    """A client that keeps at the provider what customers are offered to tap. Raises `InvalidMessage`.

    ``menus`` answers ``{"ice_breakers": [{"question", "payload"}], "persistent_menu": [{"title",
    "payload" | "url"}]}``; an empty list takes a menu away.
    """

    def menus(self) -> "dict[str, Any] | Outcome": ...
    def set_ice_breakers(self, questions: Sequence[dict[str, Any]]) -> Outcome: ...
    def set_persistent_menu(self, items: Sequence[dict[str, Any]]) -> Outcome: ...


@runtime_checkable
class AnswersLate(Protocol):
    """A provider that lets a person answer after the window, under the tag that ``tag_for`` names."""

    human_agent_hours: int

    def tag_for(self, elapsed: timedelta, *, is_written_by_person: bool) -> str: ...


@runtime_checkable
class AnswersComments(Protocol):
    """A provider that lets a comment be answered privately, for so many hours, by the comment's id."""

    private_reply_hours: int
