"""The secrets of one data folder: made once, kept in `secrets.json`, readable by its owner.

Development only: in production the same names come from the deployment's environment.
"""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kernel.dev.errors import CannotStart


@dataclass(frozen=True)
class Credentials:
    """What a running copy needs to keep between starts.

    `key_ring` is `"<key id>:<base64 of 32 bytes>"`; `access_tokens` maps the id of a demo
    number or Instagram account to the token that the simulator accepts for it.
    """

    secret_key: str
    key_ring: str
    key_pepper: str
    app_id: str
    app_secret: str
    verify_token: str
    access_tokens: dict[str, str]
    instagram_app_id: str = ""
    instagram_app_secret: str = field(default="", repr=False)

    @classmethod
    def generate(cls, token_ids: tuple[str, ...]) -> "Credentials":
        return cls(
            secret_key=secrets.token_urlsafe(50),
            key_ring="k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            key_pepper=secrets.token_urlsafe(32),
            app_id=str(secrets.randbelow(9 * 10**14) + 10**14),
            app_secret=secrets.token_hex(16),
            verify_token=secrets.token_urlsafe(24),
            access_tokens={each: new_access_token() for each in token_ids},
            instagram_app_id=str(secrets.randbelow(9 * 10**14) + 10**14),
            instagram_app_secret=secrets.token_hex(16),
        )


def new_access_token() -> str:
    """A token in the form of Meta's long-lived ones, so that log scrubbers recognise it."""
    return "EAA" + secrets.token_hex(60)


def load(path: Path, token_ids: tuple[str, ...]) -> Credentials:
    """The credentials in `path`, made on the first call; what is added later gets its token."""
    stored = _read(path)
    made = asdict(Credentials.generate(token_ids))
    tokens = made["access_tokens"] | stored.get("access_tokens", {})
    kept = {name: stored.get(name, value) for name, value in made.items()}
    complete = Credentials(**{**kept, "access_tokens": tokens})
    if asdict(complete) != stored:
        _write(path, asdict(complete))
    return complete


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text())
        return dict(stored)
    except (ValueError, TypeError) as error:
        # Making new ones would leave everything that was encrypted with the old unreadable.
        raise CannotStart(
            f"{path} is damaged ({error}). Restore it, or begin anew with `make clean`, "
            "which also removes the demo data that it encrypts."
        ) from error


def _write(path: Path, values: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(values, file, indent=2)
    draft.replace(path)
