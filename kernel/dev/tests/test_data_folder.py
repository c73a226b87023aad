"""One data folder: secrets are made once, two systems never share it, stamps know their inputs."""

import base64
import json
import stat
from pathlib import Path

import pytest

from kernel.dev import credentials, environment, processes, simulated, stamps
from kernel.dev.banner import banner
from kernel.dev.clean import remove_data
from kernel.dev.environment import Addresses, Databases
from kernel.dev.errors import CannotStart
from kernel.dev.layout import DataFolder
from kernel.dev.ports import Ports

PORTS = Ports.counted_from(8000)


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = credentials.load(path, ("1",))
    assert credentials.load(path, ("1",)) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key_id, key = first.key_ring.split(":", 1)
    assert key_id == "k1"
    assert len(base64.b64decode(key, validate=True)) == 32


def test_a_number_that_is_added_later_gets_a_token_and_the_others_keep_theirs(
    tmp_path: Path,
) -> None:
    path = tmp_path / "secrets.json"
    first = credentials.load(path, ("1",))
    second = credentials.load(path, ("1", "2"))
    assert second.access_tokens["1"] == first.access_tokens["1"]
    assert second.access_tokens["2"].startswith("EAA")
    assert second.key_ring == first.key_ring


def test_damaged_secrets_are_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"secret_key": ')
    with pytest.raises(CannotStart, match="is damaged"):
        credentials.load(path, ())
    assert path.read_text() == '{"secret_key": '


def test_two_systems_cannot_use_one_folder(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    with folder.lock(), pytest.raises(CannotStart, match="is in use by another run"):
        folder.lock().__enter__()
    with folder.lock():
        assert folder.spool.is_dir()


def test_the_simulator_is_told_of_the_edge_and_of_every_demo_number(tmp_path: Path) -> None:
    secrets = credentials.load(tmp_path / "secrets.json", simulated.TOKEN_IDS)
    path = tmp_path / "simulator.json"
    simulated.write_configuration(path, secrets, webhook_url="http://127.0.0.1:8001/webhooks/meta")
    document = json.loads(path.read_text(encoding="utf-8"))
    ids = [number["phone_number_id"] for number in document["numbers"]]
    assert document["tenants"] == {"acme": ids[:2], "globex": ids[2:]}
    assert document["app_secret"] == secrets.app_secret
    assert document["webhook_url"] == "http://127.0.0.1:8001/webhooks/meta"
    assert len(document["customers"]) == 5
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_documented_variable_is_set_and_the_reverse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MONGODB_URI", "MONGODB_NAME", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    secrets = credentials.load(tmp_path / "secrets.json", ())
    folder = DataFolder.at(tmp_path)
    env = environment.build(folder, PORTS, secrets, Databases.from_shell(PORTS))
    assert env["MONGODB_URI"] == "mongodb://127.0.0.1:8004/?replicaSet=rs0"
    assert env["META_GRAPH_URL"] == env["SWITCHBOARD_SIMULATOR_URL"] == "http://127.0.0.1:8003"
    ours = {
        name
        for name in env
        if name.startswith(("SWITCHBOARD_", "META_", "MONGODB_", "REDIS_", "DJANGO_"))
    } - {"SWITCHBOARD_TEST_FOLDER"}
    assert processes.__doc__ is not None
    assert [name for name in sorted(ours) if name not in processes.__doc__] == []


def test_a_database_of_the_developers_own_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://db.example/?replicaSet=rs9")
    monkeypatch.delenv("REDIS_URL", raising=False)
    databases = Databases.from_shell(PORTS)
    assert databases.mongodb_uri == "mongodb://db.example/?replicaSet=rs9"
    assert databases.redis_url == "redis://127.0.0.1:8005/0"


def test_a_stamp_holds_for_its_inputs_only(tmp_path: Path) -> None:
    stamp = stamps.Stamp(tmp_path / "deep" / ".done", "a")
    assert not stamp.is_current
    stamp.set()
    assert stamp.is_current
    assert not stamps.Stamp(stamp.path, "b").is_current


def test_the_migration_stamp_disappears_with_the_database(tmp_path: Path) -> None:
    folder = DataFolder.at(tmp_path)
    folder.mongo.mkdir()
    env = {"MONGODB_URI": "mongodb://x", "MONGODB_NAME": "switchboard"}
    stamps.migrated(folder, env).set()
    assert stamps.migrated(folder, env).is_current
    assert stamps.migrated(folder, env).path.parent == folder.mongo
    assert not stamps.migrated(folder, {**env, "MONGODB_NAME": "other"}).is_current


def test_the_banner_shows_addresses_logins_and_keys(tmp_path: Path) -> None:
    demo = tmp_path / "demo.json"
    user = {"email": "owner@acme.example", "password": "correct horse", "role": "owner"}
    tenant = {"slug": "acme", "api_key": "sb_live_1_2", "users": [user]}
    demo.write_text(json.dumps({"tenants": [tenant]}))
    env = {"MONGODB_URI": "m", "MONGODB_NAME": "switchboard", "REDIS_URL": "r",
           "SWITCHBOARD_DATA": ".data"}  # fmt: skip
    text = banner(Addresses.of(PORTS), env, demo)
    for expected in (
        "http://127.0.0.1:8000/admin/",
        "http://127.0.0.1:8003/",
        "sb_live_1_2",
        ".data/mail",
    ):
        assert expected in text
    assert "  acme    owner  owner@acme.example  correct horse" in text


def test_cleaning_leaves_a_folder_alone_that_is_not_ours(tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    remove_data(str(tmp_path))
    assert precious.exists()
    credentials.load(tmp_path / "secrets.json", ())
    remove_data(str(tmp_path))
    assert not tmp_path.exists()
