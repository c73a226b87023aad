"""The demo's telephone numbers and customers, as the simulator of Meta's APIs is told of them."""

import json
from dataclasses import dataclass
from pathlib import Path

from kernel.dev.credentials import Credentials


@dataclass(frozen=True)
class Number:
    """A WhatsApp business number of a demo tenant (from the range kept for fiction)."""

    tenant: str
    phone_number_id: str
    display_phone_number: str
    waba_id: str
    verified_name: str


NUMBERS = (
    Number("acme", "106540352242922", "+1 555-010-0101", "102290129340398", "Acme Support"),
    Number("acme", "106540352242923", "+1 555-010-0102", "102290129340398", "Acme Sales"),
    Number("globex", "106540352242931", "+1 555-010-0201", "102290129340411", "Globex"),
)


@dataclass(frozen=True)
class Account:
    """An Instagram account of a demo tenant."""

    tenant: str
    ig_id: str
    username: str


ACCOUNTS = (Account("acme", "17841405822304914", "acme.shop"),)
PEOPLE = (
    {"igsid": "902211334455001", "username": "dana.c", "name": "Dana Cohen"},
    {"igsid": "902211334455002", "username": "theo.b", "name": "Théo Bernard"},
)
# What the demo's tokens are for: each number and each account has one.
TOKEN_IDS = (*(number.phone_number_id for number in NUMBERS), *(a.ig_id for a in ACCOUNTS))
PHONE_NUMBER_IDS = tuple(number.phone_number_id for number in NUMBERS)

CUSTOMERS = (
    {"name": "Ana Souza", "wa_id": "5511955501001"},
    {"name": "Олена Коваль", "wa_id": "380445550102"},
    {"name": "田中 さくら", "wa_id": "815055501003"},
    {"name": "ليلى حداد", "wa_id": "971545550104"},
    {"name": "प्रिया शर्मा", "wa_id": "919155501005"},
)


def configuration(credentials: Credentials, *, webhook_url: str) -> dict[str, object]:
    """What the simulator reads with `--config`; `seed_demo` reads the same file.

    `tenants` is for `seed_demo` alone: which tenant connects which `phone_number_id`s.
    """
    return {
        "app_id": credentials.app_id,
        "app_secret": credentials.app_secret,
        "verify_token": credentials.verify_token,
        "webhook_url": webhook_url,
        "numbers": [
            {
                "phone_number_id": number.phone_number_id,
                "display_phone_number": number.display_phone_number,
                "waba_id": number.waba_id,
                "verified_name": number.verified_name,
                "access_token": credentials.access_tokens[number.phone_number_id],
            }
            for number in NUMBERS
        ],
        "tenants": {slug: _numbers_of(slug) for slug in dict.fromkeys(n.tenant for n in NUMBERS)},
        "customers": [dict(customer) for customer in CUSTOMERS],
        "instagram": _instagram(credentials, webhook_url),
    }


def _instagram(credentials: Credentials, webhook_url: str) -> dict[str, object]:
    """`tenant` of an account is for `seed_demo`, as `tenants` is."""
    return {
        "app_id": credentials.instagram_app_id,
        "app_secret": credentials.instagram_app_secret,
        "webhook_url": webhook_url,
        "accounts": [
            {
                "ig_id": account.ig_id,
                "username": account.username,
                "access_token": credentials.access_tokens[account.ig_id],
            }
            for account in ACCOUNTS
        ],
        "owners": {account.ig_id: account.tenant for account in ACCOUNTS},
        "people": [dict(person) for person in PEOPLE],
    }


def _numbers_of(tenant: str) -> list[str]:
    return [number.phone_number_id for number in NUMBERS if number.tenant == tenant]


def write_configuration(path: Path, credentials: Credentials, *, webhook_url: str) -> None:
    """Write `configuration` to `path`, readable by its owner only: it holds the tokens."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    document = configuration(credentials, webhook_url=webhook_url)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
