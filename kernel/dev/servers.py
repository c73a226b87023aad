"""The database servers as processes: a MongoDB replica set, of one member or of several, and a Redis."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import redis
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from kernel.dev.binaries import find_mongod, find_redis_server
from kernel.dev.declaration import Process, Tier
from kernel.dev.errors import CannotStart
from kernel.dev.layout import DataFolder
from kernel.dev.ports import HOST, Ports

REPLICA_SET = "rs0"
# The default of 10 s keeps a local set without a primary for 11 s after a crash; 3 s gives 4 s.
ELECTION_TIMEOUT_MS = 3000
CACHE_VARIABLE = "SWITCHBOARD_MONGO_CACHE_GB"
DEFAULT_CACHE_GB = "0.5"
MEMBER_CACHE_GB = "0.25"
REDIS_MEMORY = "256mb"


def mongodb_uri(*ports: int) -> str:
    hosts = ",".join(f"{HOST}:{port}" for port in ports)
    return f"mongodb://{hosts}/?replicaSet={REPLICA_SET}"


def redis_url(port: int) -> str:
    return f"redis://{HOST}:{port}/0"


def mongod(folder: DataFolder, ports: Ports, *, failpoints: bool = False) -> Process:
    """A `mongod` that keeps its data in `folder`; it becomes primary while it is probed.

    `failpoints` lets a test make chosen commands fail (`configureFailPoint`).
    """
    cache = os.environ.get(CACHE_VARIABLE, DEFAULT_CACHE_GB)
    command = _mongod(folder, folder.mongo, ports.mongod, cache, failpoints=failpoints)
    return Process("mongod", command, Tier.DATABASE, ready=PrimaryProbe(ports.mongod), quiet=True)


def replica_set(folder: DataFolder, ports: Sequence[int]) -> tuple[Process, ...]:
    """`mongod-1`, `mongod-2`, …: a set of several members for tests that freeze and kill them.

    Each is ready when it is primary or secondary; the first probe of new folders initiates the
    set. Failpoints are on, caches are small.
    """
    return tuple(
        Process(
            f"mongod-{n}",
            _mongod(folder, folder.path / f"mongo-{n}", port, MEMBER_CACHE_GB, failpoints=True),
            Tier.DATABASE,
            ready=MemberProbe(port, ports),
            quiet=True,
        )
        for n, port in enumerate(ports, start=1)
    )


def _mongod(
    folder: DataFolder, data: Path, port: int, cache_gb: str, *, failpoints: bool
) -> tuple[str, ...]:
    data.mkdir(exist_ok=True)
    command = [
        str(find_mongod(folder.path / "bin")),
        *("--dbpath", str(data), "--port", str(port), "--bind_ip", HOST),
        *("--replSet", REPLICA_SET, "--oplogSize", "256", "--nounixsocket"),
        *("--wiredTigerCacheSizeGB", cache_gb),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # A killed worker leaves its transaction open on the server, and its rows locked, for so long.
        *("--setParameter", "transactionLifetimeLimitSeconds=12"),
        # A slow command is logged with its values, and those are what customers wrote.
        *("--slowms", "3600000"),
        "--noscripting",
    ]
    if failpoints:
        command += ["--setParameter", "enableTestCommands=1"]
    return tuple(command)


def redis_server(folder: DataFolder, ports: Ports) -> Process:
    """A `redis-server` that appends to a file every second and never evicts."""
    command = (
        str(find_redis_server(folder.path / "bin")),
        *("--port", str(ports.redis), "--bind", HOST, "--dir", str(folder.redis)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory", REDIS_MEMORY, "--maxmemory-policy", "noeviction"),
        *("--daemonize", "no", "--loglevel", "notice"),
    )
    return Process(
        "redis", command, Tier.DATABASE, ready=RedisProbe(redis_url(ports.redis)), quiet=True
    )


class PrimaryProbe:
    """Ready when the server on `port` is the primary of its one-member set.

    The first probe of a new folder initiates the set. A folder that was used on other ports
    remembers a member that is no longer there; the set is told its new address.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, _: Sequence[str]) -> bool:
        client = directly(self.port)
        with client, contextlib.suppress(PyMongoError):
            hello = client.admin.command("hello")
            if hello.get("isWritablePrimary"):
                return True
            self._settle(client)
        return False

    def _settle(self, client: "MongoClient[dict[str, Any]]") -> None:
        stored = client["local"]["system.replset"].find_one()
        if stored is None:
            client.admin.command("replSetInitiate", _configuration([self.port], version=1))
            return
        if stored["members"][0]["host"] != f"{HOST}:{self.port}":
            moved = _configuration([self.port], version=stored["version"] + 1)
            # The set's identity must stay; only the address is new.
            moved["settings"] = stored["settings"] | moved["settings"]
            client.admin.command("replSetReconfig", moved, force=True)


class MemberProbe:
    """Ready when the server on `port` is a primary or a secondary of the set on `ports`."""

    def __init__(self, port: int, ports: Sequence[int]) -> None:
        self.port = port
        self.ports = ports

    def __call__(self, _: Sequence[str]) -> bool:
        client = directly(self.port)
        with client, contextlib.suppress(PyMongoError):
            hello = client.admin.command("hello")
            if hello.get("isWritablePrimary") or hello.get("secondary"):
                return True
            if self.port == self.ports[0] and client["local"]["system.replset"].find_one() is None:
                client.admin.command("replSetInitiate", _configuration(self.ports, version=1))
        return False


def directly(port: int) -> "MongoClient[dict[str, Any]]":
    """A client of one server, whatever its part in the set, that gives up soon."""
    return MongoClient(
        HOST,
        port,
        directConnection=True,
        serverSelectionTimeoutMS=500,
        connectTimeoutMS=500,
        socketTimeoutMS=5000,
    )


def _configuration(ports: Sequence[int], *, version: int) -> dict[str, Any]:
    return {
        "_id": REPLICA_SET,
        "version": version,
        "members": [{"_id": n, "host": f"{HOST}:{port}"} for n, port in enumerate(ports)],
        "settings": {"electionTimeoutMillis": ELECTION_TIMEOUT_MS},
    }


class RedisProbe:
    """Ready when Redis answers and has loaded its file."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, _: Sequence[str]) -> bool:
        with redis.Redis.from_url(
            self.url, socket_timeout=1, socket_connect_timeout=1
        ) as connection:
            try:
                return bool(connection.ping())
            except redis.RedisError:
                return False


def require_replica_set(uri: str) -> None:
    """Refuse a MongoDB of the developer's own that cannot do what the product needs."""
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=3000) as client:
        try:
            hello = client.admin.command("hello")
        except OperationFailure as error:
            raise CannotStart(f"MONGODB_URI: the server refused: {error.details}") from error
        except PyMongoError as error:
            raise CannotStart(f"MONGODB_URI: no server could be reached: {error}") from error
    if not hello.get("setName") and hello.get("msg") != "isdbgrid":
        raise CannotStart(
            "MONGODB_URI names a standalone server, which has no transactions. Start it with "
            "--replSet rs0 and run rs.initiate() once, or unset MONGODB_URI."
        )


def require_redis(url: str) -> None:
    """Refuse a Redis of the developer's own that does not answer."""
    if not RedisProbe(url)(()):
        raise CannotStart("REDIS_URL: no Redis answers there. Start it, or unset REDIS_URL.")


def is_new(mongo: Path) -> bool:
    """Whether a database folder has never been used."""
    return not (mongo / "WiredTiger").exists()
