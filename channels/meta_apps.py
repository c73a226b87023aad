"""Which of Meta's apps and hosts a channel belongs to: chosen by its kind and its way of signing in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.conf import settings

from channels.providers.contract import Credentials, Endpoint
from channels.providers.instagram.login import FACEBOOK, INSTAGRAM

OWN_IDS = {INSTAGRAM: "instagram_app_id", FACEBOOK: "app_id"}


@dataclass(frozen=True, kw_only=True)
class MetaApp:
    """An app of the installation; ``id_name`` is what it is called in a channel's ``external``."""

    app_id: str
    id_name: str
    endpoint: Endpoint
    app_secret: str = field(repr=False)
    further_secrets: tuple[str, ...] = field(default=(), repr=False)

    def sign(self, credentials: Credentials) -> Credentials:
        """Return the credentials with the app's secrets, unless they bring their own."""
        if credentials.app_secret:
            return credentials
        return replace(
            credentials,
            app_secret=self.app_secret,
            further_secrets=self.further_secrets,
            is_app_shared=bool(self.app_secret),
        )


def login_of(kind: str, external: Mapping[str, str]) -> str:
    """Return the way of signing in; WhatsApp has Facebook's alone."""
    if kind != "instagram":
        return FACEBOOK
    return external.get("login") or (FACEBOOK if external.get("page_id") else INSTAGRAM)


def app_for(kind: str, login: str) -> MetaApp:
    """Return the installation's app for accounts of this kind that signed in this way."""
    on_instagram = kind == "instagram" and login == INSTAGRAM
    base_url = settings.META_INSTAGRAM_URL if on_instagram else settings.META_GRAPH_URL
    if on_instagram:
        app_id, listed = settings.META_INSTAGRAM_APP_ID, settings.META_INSTAGRAM_APP_SECRET
    else:
        app_id, listed = settings.META_APP_ID, settings.META_APP_SECRET
    current, *others = (secret.strip() for secret in listed.split(","))
    return MetaApp(
        app_id=app_id,
        id_name=OWN_IDS[INSTAGRAM if on_instagram else FACEBOOK],
        endpoint=Endpoint(base_url=base_url, version=version_of(kind)),
        app_secret=current,
        further_secrets=tuple(filter(None, others)),
    )


def version_of(kind: str) -> str:
    """Return the version of the API that channels of this kind are written for."""
    version: str = (
        settings.META_INSTAGRAM_VERSION if kind == "instagram" else settings.META_GRAPH_VERSION
    )
    return version
