"""An authenticator in software, as a telephone or a key would answer a browser."""

import hashlib
import json
import secrets
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN = "https://app.example.test"


class Passkey:
    """One key pair, bound to the site and the person it was made for."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.handle = ""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to ``navigator.credentials.create``."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        cose = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))
        data = self._data(asked["rp"]["id"], PRESENT | VERIFIED | ATTESTED)
        data += bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._credential(
            {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(attestation)},
            {"credProps": {"rk": True}},
        )  # fmt: skip

    def get(self, options: dict[str, Any], *, verified: bool = True) -> dict[str, Any]:
        """The answer to ``navigator.credentials.get``."""
        asked = options["publicKey"]
        data = self._data(asked["rpId"], PRESENT | (VERIFIED if verified else 0))
        client = self._client("webauthn.get", asked["challenge"])
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential({
            "clientDataJSON": websafe_encode(client), "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signed), "userHandle": self.handle,
        })  # fmt: skip

    def _data(self, site: str, flags: int) -> bytes:
        assert site == settings.PASSKEY_DOMAIN
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + struct.pack(">I", 1)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode()

    def _credential(self, response: dict[str, str], extensions: Any = None) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response,
                "clientExtensionResults": extensions or {}}  # fmt: skip
