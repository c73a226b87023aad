"""The documents tell the truth: what they name exists, and what they list is complete."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands
from django.urls import resolve

from kernel.scoping.reasons import Reason
from kernel.scoping.registry import GLOBAL_MODELS
from kernel.work import kinds
from tenants.permissions import ROLES
from tests.docs.pages import PAGES, ROOT, defined, links, names, paths, rows, spans, symbols

OUR_APPS = [config for config in apps.get_app_configs() if Path(config.path).parent == ROOT]
SOME_ID = "0" * 24
VARIABLE = r"(?:SWITCHBOARD|META|MONGODB|REDIS|DJANGO)_[A-Z_]+|(?:INBOUND|OUTBOUND)_CONCURRENCY"
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_every_file_and_folder_that_a_page_names_exists(page: Path) -> None:
    missing = [name for name in paths(page) if not any(ROOT.glob(name.rstrip("/")))]
    missing += [target for target in links(page) if not (page.parent / target).exists()]
    assert not missing


@every_page
def test_every_function_that_a_page_names_exists(page: Path) -> None:
    assert not [f"{file}::{name}" for file, name in symbols(page) if name not in defined(file)]


@every_page
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {span.split()[1] for span in spans(page) if re.match(r"make [a-z]", span)}
    assert asked <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())


@every_page
def test_every_address_of_the_api_that_a_page_names_exists(page: Path) -> None:
    for address in re.findall(r"/api/v1/[a-z/{}_-]+", page.read_text(encoding="utf-8")):
        if address != "/api/v1/stream":  # another process answers it
            resolve(re.sub(r"{\w+}", SOME_ID, address.rstrip("/")))


@every_page
def test_a_decision_fits_on_a_page(page: Path) -> None:
    if page.parent.name == "adr":
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 60


def test_the_index_of_decisions_is_complete() -> None:
    folder = ROOT / "docs/adr"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(page.name for page in folder.glob("0*.md"))


def test_the_map_has_every_package() -> None:
    skipped = {"migrations", "tests", "commands", "__pycache__"}
    mapped = set(paths(ROOT / "docs/map.md"))
    for config in OUR_APPS:
        assert f"{config.name}/" in mapped
    for folder in (ROOT / "kernel").iterdir():
        if folder.is_dir() and folder.name not in skipped:
            assert f"kernel/{folder.name}/" in mapped


def test_the_table_of_agents_names_every_app_and_its_agent() -> None:
    text = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    listed: dict[str, str] = dict(re.findall(r"^\| ([\w–]+) \| `(\w+)/`", text, re.MULTILINE))
    found = {getattr(config, "agent", "–"): config.name for config in OUR_APPS}
    assert {agent: app for agent, app in listed.items() if agent != "–"} == {
        agent: app for agent, app in found.items() if agent != "–"
    }
    for config in OUR_APPS:
        assert f"| `{config.name}/`" in text


def test_the_table_of_collections_is_the_models_own() -> None:
    expected: dict[str, dict[str, bool]] = {}
    for config in OUR_APPS:
        for model in config.get_models():
            entry = expected.setdefault(config.name, {})
            entry[model._meta.db_table] = model._meta.label in GLOBAL_MODELS
    listed = {}
    for app, cell in rows("AGENTS.md", "collections"):
        parts = cell.split(", ")
        listed[names(app)[0]] = {names(part)[0]: "(global)" in part for part in parts}
    assert listed == expected


def test_the_table_of_global_models_is_the_registry() -> None:
    listed = {names(model)[0]: reason for model, reason in rows("AGENTS.md", "global models")}
    assert listed == GLOBAL_MODELS


def test_the_table_of_roles_adds_up_to_the_roles() -> None:
    held: set[str] = set()
    listed: dict[str, set[str]] = {}
    for role, adds in rows("AGENTS.md", "roles"):
        held |= set(names(adds))
        listed[names(role)[0]] = set(held)
    assert list(listed) == list(ROLES)
    assert listed == {role: {str(p) for p in permissions} for role, permissions in ROLES.items()}


def test_the_table_of_reasons_is_the_enum() -> None:
    assert [names(row[0])[0] for row in rows("AGENTS.md", "reasons")] == [str(r) for r in Reason]


def test_the_table_of_kinds_of_work_is_the_registry() -> None:
    listed = {names(row[0])[0]: row[1] for row in rows("AGENTS.md", "kinds")}
    assert listed == {kind.name: kind.queue for kind in kinds()}


def test_every_variable_of_the_environment_is_explained_and_read() -> None:
    listed = {name for row in rows("docs/operations.md", "environment") for name in names(row[0])}
    assert listed == _read_by_the_code()


def _read_by_the_code() -> set[str]:
    """The variables in the settings, the edge, the outgoing door, the dev stack and the deployment."""
    files: list[Path] = [
        *(ROOT / "config/settings").glob("*.py"),
        *(ROOT / "kernel/dev").glob("*.py"),
        ROOT / "kernel/egress/addresses.py",
        ROOT / "webhooks/edge/settings.py",
    ]
    quoted = re.compile(rf'"({VARIABLE})"')
    found: set[Any] = {name for file in files for name in quoted.findall(file.read_text())}
    in_compose = re.compile(rf"\$\{{({VARIABLE})[:}}]")
    return found | set(in_compose.findall((ROOT / "docker-compose.yml").read_text()))
