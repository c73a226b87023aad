"""App secrets of tenants who bring their own Meta app: read once, kept a minute, used also while the database is away."""

import time

from bson import ObjectId
from bson.errors import InvalidId

from kernel.envelope import EnvelopeError, KeyRing, open_sealed, sealed_key_id, unwrap
from kernel.mongo.group_commit import Away, Store

KEPT_S = 60.0
MOST = 5_000


class ChannelSecrets:
    """Looks up by the channel's id in the address; a foreign or unknown id has no secret."""

    def __init__(self, store: Store, key_ring: str) -> None:
        self._store, self._ring_text = store, key_ring
        self._known: dict[str, tuple[float, tuple[bytes, ...]]] = {}

    async def of(self, channel_id: str) -> tuple[bytes, ...]:
        """The secrets to try; empty when the channel has none of its own."""
        known = self._known.get(channel_id)
        if known and known[0] > time.monotonic():
            return known[1]
        try:
            secrets = await self._read(channel_id)
        except Away:
            return known[1] if known else ()
        if secrets:  # ids that anybody can make up are not remembered
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[channel_id] = (time.monotonic() + KEPT_S, secrets)
        return secrets

    async def _read(self, channel_id: str) -> tuple[bytes, ...]:
        try:
            row = await self._store.find_one(
                "channel_credentials", {"channel_id": ObjectId(channel_id)}
            )
        except InvalidId:
            return ()
        if row is None or not row.get("app_secret"):
            return ()
        tenant, token = str(row["tenantId"]), row["app_secret"]
        key = await self._store.find_one("tenant_keys", {"_id": ObjectId(sealed_key_id(token))})
        if key is None:
            return ()
        aad = f"{tenant}|tenant_keys|{key['_id']}".encode()
        try:
            data_key = unwrap(KeyRing.from_env(self._ring_text), key["wrapped"], aad)
            opened = open_sealed(data_key, token, tenant=tenant, collection="channel_credentials",
                                 object_id=str(row["_id"]), field="app_secret")  # fmt: skip
        except EnvelopeError:
            return ()
        return (opened,)
