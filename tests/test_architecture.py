"""The rules of the house that a linter does not hold, as code; ``tests/docs`` holds the documents. Baselines may only shrink."""

import ast
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

from kernel.scoping.models import TenantModel
from kernel.scoping.reasons import Reason

ROOT = Path(__file__).resolve().parent.parent
BASELINES = ROOT / "tests" / "baselines"
MOST_LINES, MOST_IN_FUNCTION = 300, 60
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager", "util", "helper"}
SKIPPED = {".venv", "node_modules", "__pycache__"}
# Data, not code: what a provider documents, and what Django writes.
LONG_BY_NATURE = ("/migrations/", "requirements")
TEXTS = ("*.py", "*.js", "*.css", "*.html", "*.sh")


@cache
def files(*patterns: str) -> tuple[Path, ...]:
    """The project's own files; whatever git ignores is not."""
    found = [p for pattern in patterns for p in ROOT.rglob(pattern) if not SKIPPED & set(p.parts)]
    return tuple(sorted(p for p in found if not any(part.startswith(".") for part in _parts(p))))


def _parts(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).parts


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def product() -> list[Path]:
    """Code that runs in the product: no tests, no migrations."""
    return [p for p in files("*.py") if "tests" not in _parts(p) and "migrations" not in _parts(p)
            and p.name != "conftest.py"]  # fmt: skip


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (
        n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_no_file_is_longer_than_a_few_screens():
    long = {
        named(p): n
        for p in files(*TEXTS)
        if not any(mark in f"/{named(p)}" for mark in LONG_BY_NATURE)
        and (n := len(p.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{named(p)}:{f.name}": length
        for p in files("*.py")
        if "migrations" not in _parts(p)
        for f in functions(p)
        if (length := (f.end_lineno or 0) - f.lineno + 1) > MOST_IN_FUNCTION
    }
    assert long == {}


def test_most_functions_are_short():
    lengths = sorted((f.end_lineno or 0) - f.lineno + 1 for p in product() for f in functions(p))
    assert lengths[len(lengths) // 2] < 15


def test_no_module_is_named_for_having_no_place():
    assert [named(p) for p in files("*.py") if FORBIDDEN_NAMES & {p.stem, *_parts(p)}] == []


def imports(path: Path) -> Iterator[str]:
    """Every imported name in full, such as ``django.db.transaction``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


BANNED = (
    "django.db.transaction",
    "django_mongodb_backend.transaction",
    "requests.",
    "urllib.request",
    "urllib3.",
    "http.client.",
    "httpx.",
    "aiohttp.",
)
DOORS = ("channels/simulator/", "kernel/dev/", "kernel/egress/")


def test_nothing_imports_what_silently_does_nothing_or_goes_around_the_door():
    found = [(named(p), name) for p in product() for name in imports(p)
             if f"{name}.".startswith(BANNED) and not named(p).startswith(DOORS)]  # fmt: skip
    assert found == []


def test_nothing_is_called_that_promises_what_it_does_not_do_here():
    """Rows are not locked by MongoDB, and what waits for its time is a work item, not a broker's message."""
    called, given = {"select_for_update", "apply_async"}, {"countdown", "eta"}
    found = [
        f"{named(p)}:{node.lineno}"
        for p in product()
        for node in ast.walk(tree(p))
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in called)
            or given & {keyword.arg for keyword in node.keywords}
        )
    ]
    assert found == []


def test_only_the_engine_reaches_bare_collections():
    pattern = re.compile(r"\bconnection\.database\b|\bconnection\.connection\b|MongoClient\(")
    allowed = ("kernel/mongo/", "kernel/dev/", "config/health.py")
    found = [
        named(p)
        for p in product()
        if pattern.search(p.read_text()) and not named(p).startswith(allowed)
    ]
    assert found == []


def test_filters_never_take_a_regular_expression():
    """Text of a user must not become a pattern, nor a scan."""
    ends = ("__regex", "__iregex", "$regex", "$where")
    found = [
        named(p)
        for p in product()
        for node in ast.walk(tree(p))
        if (isinstance(node, ast.keyword) and (node.arg or "").endswith(ends))
        or (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.endswith(ends)
        )
    ]
    assert found == []


def test_a_failure_is_never_passed_over_in_silence():
    silent = [
        f"{named(p)}:{node.lineno}"
        for p in files("*.py")
        for node in ast.walk(tree(p))
        if isinstance(node, ast.ExceptHandler) and all(isinstance(s, ast.Pass) for s in node.body)
    ]
    assert silent == []


def test_nothing_is_left_to_do():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    assert [named(p) for p in product() if marks.search(p.read_text())] == []


SCOPES = {"tenant_scope", "unscoped", "acting", "acting_as_system"}


def test_no_generator_is_suspended_inside_a_scope():
    """It would leak the tenant to whoever runs next; context managers are made for it."""
    found = []
    for path in product():
        for function in functions(path):
            if any("contextmanager" in ast.unparse(d) for d in function.decorator_list):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.With) and _enters_scope(node) and _yields(node):
                    found.append(f"{named(path)}:{node.lineno}")
    assert found == []


def _enters_scope(node: ast.With) -> bool:
    calls = (item.context_expr for item in node.items)
    return any(
        isinstance(c, ast.Call) and ast.unparse(c.func).split(".")[-1] in SCOPES for c in calls
    )


def _yields(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))


# ------------------------------------------------------------------ baselines


def baseline(name: str) -> dict[str, int]:
    lines = (BASELINES / name).read_text().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {place: int(count) for place, count in pairs}


def unscoped_sites() -> Counter[str]:
    """``file reason`` → how often the scope is left there for it."""
    found: Counter[str] = Counter()
    for path in product():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "unscoped":
                found[f"{named(path)} {ast.unparse(node.args[0]) if node.args else '?'}"] += 1
    return found


def type_ignores() -> Counter[str]:
    return Counter(
        {named(p): n for p in files("*.py") if (n := p.read_text().count("# type: " + "ignore"))}
    )


@pytest.mark.parametrize(
    "name, found", [("unscoped.txt", unscoped_sites), ("type_ignores.txt", type_ignores)]
)
def test_a_baseline_only_shrinks(name, found):
    allowed, now = baseline(name), found()
    new = {place: count for place, count in now.items() if count > allowed.get(place, 0)}
    assert new == {}, f"not in tests/baselines/{name}; a new one needs its reason in a review"
    gone = {
        place: now.get(place, 0) for place, count in allowed.items() if now.get(place, 0) < count
    }
    assert gone == {}, f"fixed: take it out of tests/baselines/{name}, so that it stays fixed"


def test_every_reason_for_leaving_the_scope_is_a_member_of_the_closed_list():
    names = {f"Reason.{reason.name}" for reason in Reason}
    assert {site.split(" ", 1)[1] for site in unscoped_sites()} <= names


def test_every_index_across_tenants_has_a_reason_and_exists():
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            names = {i.name for i in [*model._meta.indexes, *model._meta.constraints]}
            assert set(model.cross_tenant_indexes) <= names, model
            assert all(len(reason) > 10 for reason in model.cross_tenant_indexes.values()), model


def test_nothing_of_a_developers_machine_is_in_the_repository():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pattern = re.compile(r"/(?:home|root|Users)/\w+|/work/(?:main|shared)\b")
    kinds = {".py", ".md", ".toml", ".yml", ".txt", ".html", ".js"}
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    texts = [p for p in paths if p.suffix in kinds and p.is_file() and p != Path(__file__)]
    assert [named(p) for p in texts if pattern.search(p.read_text(encoding="utf-8"))] == []


def test_every_test_file_is_collected() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    known = set(options["testpaths"])
    assert [named(p) for p in files("test_*.py") if _parts(p)[0] not in known] == []


def test_no_merge_was_left_half_done() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    marks = re.compile(rb"^(<{7} |>{7} )", re.MULTILINE)
    paths = [ROOT / name.decode() for name in tracked.split(b"\0") if name]
    assert [
        named(path) for path in paths if path.is_file() and marks.search(path.read_bytes())
    ] == []
