"""Why a benchmark cannot go on."""


class Failed(RuntimeError):
    """Something that must hold for the figures to mean anything did not; the part has no result."""
