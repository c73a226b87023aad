"""A Meta to talk to."""

from tests.api.conftest import meta, quiet, simulator

__all__ = ["meta", "quiet", "simulator"]
