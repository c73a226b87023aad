"""Set-ups that tests of signing in share."""

from typing import Any

import pytest

from tests.probes.conftest import figure

__all__ = ["figure"]


@pytest.fixture
def verified_addresses(settings: Any) -> None:
    """As in production: an address is proven by a code before anything else."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
