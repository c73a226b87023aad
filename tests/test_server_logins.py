"""The product's logins at MongoDB and Redis, on real servers that ask for them: what they may, and what not."""

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from kernel.dev.binaries import find_mongod, find_redis_server
from kernel.dev.layout import ROOT
from kernel.dev.ports import HOST, free_ports
from kernel.ratelimit import TAKE
from tests.servers import await_port, manage, start, until

pytestmark = pytest.mark.no_database
SERVICES = import_module("yaml").safe_load((ROOT / "docker-compose.yml").read_text())["services"]
NAME = "crm"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logins")


@pytest.fixture
def mongod(folder: Path) -> Iterator[tuple[int, str]]:
    """A replica set of one that asks for logins; its port, and the password of ``root``."""
    (port,), password = free_ports(1), secrets.token_hex(16)
    key = folder / "keyfile"
    key.write_bytes(base64.b64encode(secrets.token_bytes(192)))
    key.chmod(0o400)
    (folder / "db").mkdir()
    command = (str(find_mongod(folder / "bin")), "--dbpath", str(folder / "db"), "--port", str(port),
               "--bind_ip", HOST, "--replSet", "rs0", "--keyFile", str(key), "--nounixsocket",
               "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64")  # fmt: skip
    with ExitStack() as stack, (folder / "mongod.log").open("wb") as output:
        start(stack, command, os.environ, output)
        await_port(port)
        # Until there is a user, whoever is on the same machine may make the first.
        with MongoClient[Any](HOST, port, directConnection=True) as client:
            members = [{"_id": 0, "host": f"{HOST}:{port}"}]
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            until(lambda: client.admin.command("hello")["isWritablePrimary"], "a primary")
            client.admin.command("createUser", "root", pwd=password, roles=["root"])
        yield port, password


def uri_of(name: str, password: str, port: int) -> str:
    return f"mongodb://{name}:{password}@{HOST}:{port}/?replicaSet=rs0&authSource=admin"


def test_the_products_user_reads_and_writes_its_database_and_nothing_else(mongod, folder) -> None:
    port, root = mongod
    env = {"MONGODB_URI": uri_of("root", root, port), "MONGODB_NAME": NAME}
    assert "was made" in manage(
        "database_user", "switchboard", env=env | {"MONGODB_PASSWORD": "first"}
    )
    assert "up to date" in manage(
        "database_user", "switchboard", env=env | {"MONGODB_PASSWORD": "own"}
    )
    with pytest.raises(OperationFailure, match="Authentication failed"):
        MongoClient[Any](uri_of("switchboard", "first", port)).admin.command("listDatabases")
    with MongoClient[Any](uri_of("switchboard", "own", port)) as client:
        frees_the_rows_of_a_dead_worker(client)
        client[NAME]["made_later"].create_index("name")
        assert "made_later" in client[NAME].list_collection_names()
        assert client.list_database_names() == [NAME]
        for refused in forbidden(client):
            with pytest.raises(OperationFailure, match=r"not authorized|Unauthorized"):
                refused()
    env |= {"MONGODB_URI": uri_of("switchboard", "own", port), "MONGODB_PASSWORD": "x"}
    said = manage("database_user", "another", env=env, fails=True)
    assert "MONGODB_URI must be of a user who may make users" in said


def frees_the_rows_of_a_dead_worker(client: "MongoClient[Any]") -> None:
    """One login's session is ended by another of the same user: its transaction is gone, its row free."""
    rows = client[NAME]["rows"]
    rows.insert_one({"_id": 1, "n": 0})
    with client.start_session() as dead:
        dead.start_transaction()
        rows.update_one({"_id": 1}, {"$inc": {"n": 1}}, session=dead)
        client.admin.command("killSessions", [dead.session_id])
        assert rows.update_one({"_id": 1}, {"$inc": {"n": 10}}).modified_count == 1
        with pytest.raises(OperationFailure):
            dead.commit_transaction()
    assert rows.find_one({"_id": 1}) == {"_id": 1, "n": 10}


def forbidden(client: "MongoClient[Any]") -> tuple[Any, ...]:
    admin = client.admin
    return (
        lambda: admin.command("createUser", "other", pwd="x", roles=["root"]),
        lambda: admin.command("grantRolesToUser", "switchboard", roles=["root"]),
        lambda: admin.command("setParameter", 1, transactionLifetimeLimitSeconds=1),
        lambda: admin.command("shutdown"),
        lambda: admin.command("killAllSessions", []),
        lambda: admin["system.users"].find_one(),
        lambda: client["local"]["oplog.rs"].find_one(),
        lambda: client["another"]["rows"].insert_one({}),
        lambda: client.drop_database(NAME),
    )


def test_without_a_password_in_the_environment_it_says_so(monkeypatch) -> None:
    monkeypatch.delenv("MONGODB_PASSWORD", raising=False)
    with pytest.raises(CommandError, match="MONGODB_PASSWORD is not set"):
        call_command("database_user", "switchboard")


@pytest.fixture
def redis_port(folder: Path) -> Iterator[int]:
    """A Redis started by the deployment's own script, with this machine's folders and program."""
    (port,) = free_ports(1)
    _, _, script = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp/", f"{folder}/")
    script = script.replace("chown redis:redis", ": ").replace(
        "docker-entrypoint.sh redis-server", '"$@"'
    )
    command = ("sh", "-ec", script, "sh", str(find_redis_server(folder / "bin")), "--port", str(port),
               "--bind", HOST, "--dir", str(folder))  # fmt: skip
    env = {**os.environ, "REDIS_PASSWORD": "own", "REDIS_MEMORY": "64mb"}
    with ExitStack() as stack, (folder / "redis.log").open("wb") as output:
        start(stack, command, env, output)
        await_port(port)
        yield port


def test_the_products_login_at_redis_can_neither_empty_nor_configure_it(redis_port: int) -> None:
    with (
        Redis(port=redis_port) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.ping()
    with Redis(port=redis_port, username="switchboard", password="own") as client:
        client.rpush("inbound", "a bell")
        assert client.brpop(["inbound"], timeout=1) == (b"inbound", b"a bell")
        client.register_script(TAKE)
        assert client.publish("feed", "1") == 0
        assert client.info("server")["redis_version"]
        for refused in ("FLUSHALL", "FLUSHDB", "CONFIG GET *", "CONFIG SET maxmemory 1mb", "KEYS *",
                        "SHUTDOWN", "DEBUG SLEEP 0", "ACL LIST", "REPLICAOF 127.0.0.1 1",
                        "SAVE", "MONITOR", "CLIENT LIST"):  # fmt: skip
            with pytest.raises(NoPermissionError):
                client.execute_command(*refused.split())
