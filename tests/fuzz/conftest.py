"""What the fuzzing takes from the tests of the API and from the probes."""

from tests.api.conftest import meta, simulator
from tests.probes.conftest import figure

__all__ = ["figure", "meta", "simulator"]
