"""The deployment's files agree with the processes and variables that the code declares."""

import re
from importlib import import_module
from typing import Any

import pytest

from kernel.dev import processes
from kernel.dev.layout import ROOT
from kernel.dev.processes import WORKER_CLASSES

# PyYAML has no types of its own.
load_yaml = import_module("yaml").safe_load
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
CADDYFILE = (ROOT / "docs" / "deploy" / "Caddyfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "docs" / "deploy" / "env.example").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = load_yaml(COMPOSE)["services"]
PRODUCT = ("web", "edge", "stream", "worker-inbound", "worker-outbound", "beat")
# What only a development machine has.
DEVELOPMENT_ONLY = {
    "SWITCHBOARD_SIMULATOR_URL",
    "SWITCHBOARD_SIMULATOR_CONFIG",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONUNBUFFERED",
    "SWITCHBOARD_DATA",
    "SWITCHBOARD_SPOOL",
    "SWITCHBOARD_MONGO_CACHE_GB",
    "SWITCHBOARD_TEST_FOLDER",
}
# What the compose file itself reads from .env: sizes, names, and secrets of the servers.
OF_COMPOSE = {
    "SWITCHBOARD_VERSION",
    "SWITCHBOARD_DOMAIN",
    "MONGODB_PASSWORD",
    "MONGODB_ROOT_PASSWORD",
    "MONGODB_KEY",
    "REDIS_PASSWORD",
    "REDIS_MEMORY",
    "INBOUND_CONCURRENCY",
    "OUTBOUND_CONCURRENCY",
}


def documented_variables() -> set[str]:
    """Those of the development's processes and those that operators are told of."""
    assert processes.__doc__ is not None
    found = re.findall(r"\b((?:SWITCHBOARD|META|MONGODB|REDIS)_[A-Z_]+)\b", processes.__doc__)
    _, _, table = OPERATIONS.partition("<!-- environment -->")
    rows = re.findall(r"^\| (.*?) \|", table.partition("<!-- end -->")[0], re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}
    assert len(told) > 50
    return {*found, *told} - DEVELOPMENT_ONLY


def test_every_process_of_the_product_is_deployed() -> None:
    assert set(SERVICES) == {*PRODUCT, "mongodb", "redis", "migrate", "caddy"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate", "web", "edge", "stream"}))
def test_every_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_the_image_has_the_health_check_of_what_listens() -> None:
    assert "HEALTHCHECK" in DOCKERFILE
    assert "127.0.0.1:8000/live" in DOCKERFILE


def test_images_are_pinned_to_versions() -> None:
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images += [service["image"] for service in SERVICES.values()]
    unpinned = [i for i in images if not re.search(r":(\d+\.\d+\.\d+|\$\{SWITCHBOARD_VERSION)", i)]
    assert unpinned == []


@pytest.mark.parametrize("kind", WORKER_CLASSES, ids=lambda kind: kind.name)
def test_workers_consume_the_same_queues_as_in_development(kind: processes.WorkerClass) -> None:
    command = SERVICES[f"worker-{kind.name}"]["command"]
    assert f"--queues={','.join(kind.queues)}" in command
    assert f"--pool={kind.pool}" in command


@pytest.mark.parametrize("name", PRODUCT)
def test_every_documented_variable_is_given_to(name: str) -> None:
    given = set(SERVICES[name]["environment"])
    assert documented_variables() - given - OF_COMPOSE == set()
    assert not given & OF_COMPOSE


def test_what_the_environment_file_sets_is_read() -> None:
    read = set(re.findall(r"\$\{([A-Z_]+)[:}]", COMPOSE))
    assert set(re.findall(r"^#? ?([A-Z_]+)=", EXAMPLE, re.MULTILINE)) <= read
    assert read >= OF_COMPOSE


def test_secrets_come_from_the_environment_file_and_the_example_names_them() -> None:
    required = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE))
    given = set(re.findall(r"^#? ?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert required - given == set()
    assert "MONGODB_KEY" not in SERVICES["web"]["environment"]


def test_the_product_does_not_run_as_root() -> None:
    assert re.search(r"^USER switchboard$", DOCKERFILE, re.MULTILINE)
    assert all(SERVICES[name]["cap_drop"] == ["ALL"] for name in PRODUCT)


def test_only_caddy_opens_ports() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


def test_caddy_routes_webhooks_to_the_edge_and_events_to_the_stream() -> None:
    routes = re.findall(r"handle ?(\S*) \{.*?reverse_proxy (\S+)", CADDYFILE, re.DOTALL)
    assert ("/webhooks/*", "edge:8000") in routes
    assert ("/api/v1/stream", "stream:8000") in routes
    assert routes[-1][1] == "web:8000"


def test_what_must_survive_is_kept() -> None:
    redis = " ".join(SERVICES["redis"]["command"])
    assert "--appendonly yes" in redis and "noeviction" in redis and "--aclfile" in redis
    mongod = SERVICES["mongodb"]["command"]
    assert mongod[mongod.index("--replSet") + 1] == "rs0"
    assert "--keyFile" in mongod and "transactionLifetimeLimitSeconds=12" in mongod
    assert "--noscripting" in mongod
    kept = {"mongodb": "/data/db", "redis": "/data", "web": "/data", "edge": "/data"}
    for name, folder in kept.items():
        assert any(volume.endswith(f":{folder}") for volume in SERVICES[name]["volumes"]), name


@pytest.mark.parametrize("name", PRODUCT)
def test_a_process_of_the_product_can_change_nothing_but_its_data(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["environment"]["SWITCHBOARD_ENV"] == "production"
    assert service["environment"]["SWITCHBOARD_PUBLIC_URL"].startswith("https://")


def test_caddy_hides_the_figures() -> None:
    hidden = re.findall(r"handle (\S+) \{\s*respond 404", CADDYFILE)
    assert hidden == ["/metrics", "/health/*"]
    assert "Strict-Transport-Security" in CADDYFILE and "-Server" in CADDYFILE


SECRET_URIS = {
    "/api/v1/exports/content/WyIwMTkyZjBjMWEyYjMwMDAwMDBhMWIyYzMiXQ:1tXyZa:Sg8Qm2": None,
    "/api/v1/contacts?phone=%2B5511955501001": "/api/v1/contacts…",
    "/channels/connected?code=AQBx&state=c2VjcmV0": "/channels/connected…",
    "/api/v1/media/content/WyIwMTkyZjBjMWEyYjMwMDAwMDBhMWIyYzMiXQ:1tXyZa?x=1": None,
    "/api/v1/contacts/0192f0c1a2b3000000a1b2c3": "/api/v1/contacts/0192f0c1a2b3000000a1b2c3",
}


def test_what_caddy_logs_opens_nothing() -> None:
    """Of all loggers: a request that fails is logged by the default one, with all it carried."""
    logged = re.search(
        r"\{\s*(?:#.*\s*)*log default \{.*?format filter \{(.*?)\n\t\}", CADDYFILE, re.DOTALL
    )
    assert logged is not None and logged.start() < CADDYFILE.index("SWITCHBOARD_DOMAIN")
    for headers in ("request>headers delete", "resp_headers delete"):
        assert headers in logged[1]
    assert re.findall(r"^\tlog.*$", CADDYFILE, re.MULTILINE) == ["\tlog default {", "\tlog"]
    rule = re.search(r'request>uri regexp "(.*)" "(.*)"', logged[1])
    assert rule is not None
    for uri, shown in SECRET_URIS.items():
        found = re.sub(rule[1], rule[2], uri)
        assert found == shown if shown else found.startswith(uri.rpartition("/")[0] + "/…"), uri
        assert len(found) < 50


def test_caddy_lets_an_archive_through_and_nothing_else_of_its_size() -> None:
    blocks = re.findall(r"handle ?(\S*) \{\s*request_body \{\s*max_size (\S+)", CADDYFILE)
    assert dict(blocks) == {
        "/webhooks/*": "4MB",
        "/api/v1/tenants/imports": "{$SWITCHBOARD_IMPORT_MAX_BYTES:2000000000}",
        "": "110MB",
    }
    assert "SWITCHBOARD_IMPORT_MAX_BYTES" in SERVICES["caddy"]["environment"]
