"""What is shown when everything answers: addresses and logins."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kernel.dev.environment import Addresses


def banner(addresses: Addresses, env: Mapping[str, str], demo: Path) -> str:
    """The text; logins come from `demo.json` as `seed_demo` wrote it."""
    document = json.loads(demo.read_text(encoding="utf-8")) if demo.exists() else {}
    lines = ["", "Switchboard is running.", "", *_addresses(addresses, env)]
    lines += ["", *_logins(document), "", *_keys(document)]
    lines += [f"  {'for programs':<14} {demo}", ""]
    return "\n".join(lines)


def _addresses(at: Addresses, env: Mapping[str, str]) -> Iterator[str]:
    rows = (
        ("telephones", f"{at.simulator}/", "play a customer"),
        ("site", f"{at.web}/", ""),
        ("API", f"{at.web}/api/docs/", "documentation that can be tried out"),
        ("backoffice", f"{at.web}/admin/", ""),
        ("event stream", f"{at.stream}/api/v1/stream", ""),
        ("webhook edge", f"{at.edge}/webhooks/meta", ""),
        ("MongoDB", env["MONGODB_URI"], f"database {env['MONGODB_NAME']}"),
        ("Redis", env["REDIS_URL"], ""),
        (
            "mail",
            f"{env['SWITCHBOARD_DATA']}/mail",
            "what would have been sent: codes, invitations",
        ),
    )
    width = max(len(address) for _, address, _ in rows)
    for name, address, remark in rows:
        yield f"  {name:<14} {address:<{width}}  {remark}".rstrip()


def _logins(document: Mapping[str, Any]) -> Iterator[str]:
    rows = [("tenant", "role", "e-mail", "password")]
    rows += [("(staff)", "superuser", *_pair(user)) for user in document.get("staff", [])]
    for tenant in document.get("tenants", []):
        slug = str(tenant.get("slug", ""))
        rows += [
            (slug, str(user.get("role", "")), *_pair(user)) for user in tenant.get("users", [])
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  " + "  ".join(cells).rstrip()


def _pair(user: Mapping[str, Any]) -> tuple[str, str]:
    return str(user.get("email", "")), str(user.get("password", ""))


def _keys(document: Mapping[str, Any]) -> Iterator[str]:
    for tenant in document.get("tenants", []):
        if tenant.get("api_key"):
            yield f"  {tenant.get('slug', '') + ' API key':<14} {tenant['api_key']}"
