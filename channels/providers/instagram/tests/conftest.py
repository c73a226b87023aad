"""A server in Meta's place, and clients of both ways of connecting that speak to it."""

from collections.abc import Iterator

import pytest

from channels.providers.contract import Credentials, Endpoint
from channels.providers.instagram.client import InstagramClient
from channels.providers.meta.tests.server import Meta, playing

TOKEN, SECRET = "IGAAtoken", "app-secret"
ACCOUNT, PAGE, DANA = "17841400000000011", "1089", "902211334455"
BY_INSTAGRAM = {"login": "instagram", "ig_id": ACCOUNT, "app_id": "77", "instagram_app_id": "88"}
BY_FACEBOOK = {"login": "facebook", "ig_id": ACCOUNT, "page_id": PAGE, "app_id": "77"}


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meta]:
    monkeypatch.setenv("SWITCHBOARD_EGRESS_ALLOW", "127.0.0.1")
    with playing() as server:
        yield server


def client_of(
    meta: Meta, external: dict[str, str], *, token: str = TOKEN, secret: str = SECRET
) -> InstagramClient:
    return InstagramClient(
        external,
        Credentials(access_token=token, app_secret=secret),
        Endpoint(base_url=meta.base_url, version="v26.0", timeout_s=5),
    )
