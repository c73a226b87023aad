"""The edge's settings, from the environment."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class EdgeSettings:
    """``app_secrets`` are all active ones, so that a secret can be rotated with an overlap."""

    mongodb_uri: str
    mongodb_name: str
    redis_url: str
    spool: Path
    app_secrets: tuple[bytes, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    key_ring: str = field(repr=False)
    max_body: int = 4 * 1024 * 1024
    body_deadline_s: float = 5.0
    write_timeout_s: float = 1.5
    spool_max_bytes: int = 2 * 1024**3


def from_environment() -> EdgeSettings:
    """Read and check; a missing secret fails at start, not at the first webhook."""
    env = os.environ
    secrets = _listed(env.get("META_APP_SECRET", ""))
    if not secrets:
        raise SystemExit("META_APP_SECRET is not set: webhooks could not be verified")
    return EdgeSettings(
        mongodb_uri=env["MONGODB_URI"],
        mongodb_name=env.get("MONGODB_NAME", "switchboard"),
        redis_url=env["REDIS_URL"],
        spool=Path(env.get("SWITCHBOARD_SPOOL", ".data/spool")),
        # Instagram Login's app signs with its own secret, to the same address.
        app_secrets=tuple(
            s.encode() for s in (*secrets, *_listed(env.get("META_INSTAGRAM_APP_SECRET", "")))
        ),
        verify_token=env.get("META_VERIFY_TOKEN", ""),
        key_ring=env.get("SWITCHBOARD_KEY_RING", ""),
    )


def _listed(secrets: str) -> list[str]:
    return [secret.strip() for secret in secrets.split(",") if secret.strip(" -")]
