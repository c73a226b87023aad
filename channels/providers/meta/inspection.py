"""What Meta knows of a token, for tokens of the Facebook host (those of Instagram Login are not told of)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels.providers.contract import Credentials, Endpoint
from channels.providers.meta.access import as_flag, as_int, as_list, as_object, as_objects, as_text
from channels.providers.meta.graph import Operation, read_json
from kernel import egress

_LATEST = 32_503_680_000  # the year 3000


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """``targets`` are the objects that a scope was granted for; without an entry, all.

    ``expires_at`` is None for a token that does not end by time.
    """

    is_valid: bool
    app_id: str
    scopes: frozenset[str]
    targets: dict[str, tuple[str, ...]]
    issued_at: datetime | None = None
    expires_at: datetime | None = None

    def missing(self, scopes: Iterable[str]) -> list[str]:
        """Return those of ``scopes`` that the token was not granted."""
        return [scope for scope in scopes if scope not in self.scopes]

    def objects(self, scopes: Iterable[str]) -> list[str]:
        """Return the ids that any of these scopes was granted for, each once."""
        return list(dict.fromkeys(id_ for scope in scopes for id_ in self.targets.get(scope, ())))


def inspect_token(
    token: str, *, app_id: str, app_secret: str, endpoint: Endpoint
) -> Inspection | None:
    """Ask with the app's own token; None when the API gives no usable answer. Never raises."""
    credentials = Credentials(access_token=f"{app_id}|{app_secret}", app_secret=app_secret)
    operation = Operation(credentials, endpoint, has_proof=True)
    try:
        answer = operation.call("GET", "debug_token", params={"input_token": token})
    except egress.EgressError:
        return None
    data = as_object(read_json(answer), "data") if answer.ok else {}
    return _read(data) if data else None


def _read(data: dict[str, Any]) -> Inspection:
    granular = as_objects(data, "granular_scopes")
    return Inspection(
        is_valid=as_flag(data, "is_valid"),
        app_id=as_text(data, "app_id"),
        scopes=frozenset(scope for scope in as_list(data, "scopes") if isinstance(scope, str)),
        targets={
            as_text(one, "scope"): tuple(str(id_) for id_ in as_list(one, "target_ids"))
            for one in granular
            if as_list(one, "target_ids")
        },
        issued_at=_moment(data, "issued_at"),
        expires_at=_moment(data, "expires_at"),
    )


def _moment(data: dict[str, Any], key: str) -> datetime | None:
    seconds = as_int(data, key) or 0
    return datetime.fromtimestamp(min(seconds, _LATEST), tz=UTC) if seconds > 0 else None
