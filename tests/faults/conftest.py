"""The harness's own tests open no database."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _database_open() -> Iterator[None]:
    yield


@pytest.fixture(autouse=True)
def wire_check() -> Iterator[list[Any]]:
    yield []
