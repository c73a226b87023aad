"""The checks of the auditor, each a function that fills one invariant's `Check`."""

from tests.faults.checks.effects import doubled, inversions, lost
from tests.faults.checks.outside import answers, calls, chain, logs
from tests.faults.checks.rows import counters, references, unfinished

ALL = (lost, doubled, inversions, references, unfinished, chain, logs, answers, counters, calls)
"""In the order of the invariants, I1 to I10."""
