"""What allauth asks of us about second factors and passkeys."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from kernel.vault import open_for_platform, seal_for_platform

PLACE = {"collection": "mfa_authenticator", "object_id": "person", "field": "data"}


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticators and seeds of recovery codes are sealed; passkeys have a home."""

    def encrypt(self, text: str) -> str:
        return seal_for_platform(text, **PLACE)

    def decrypt(self, encrypted_text: str) -> str:
        return open_for_platform(encrypted_text, **PLACE)

    def get_totp_issuer(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """The site that passkeys belong to: where the front-end is, not where a request came in."""
        return {"id": settings.PASSKEY_DOMAIN, "name": settings.MFA_TOTP_ISSUER}
