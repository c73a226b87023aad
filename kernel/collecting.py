"""Garbage collection for processes that live long: what was loaded at the start is never looked at again."""

import gc

THRESHOLDS = (50_000, 20, 20)


def settle() -> None:
    """Call once a process has loaded its code.

    Python's defaults look for cycles after every 700 new objects, and now and then through every
    module and model that is loaded; a batch of messages makes tens of thousands. Measured on the
    inbound worker: a tenth of its time and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
