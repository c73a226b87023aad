"""The one error that parsing raises."""


class Unparsable(ValueError):
    """The item cannot become an event; ``reason`` is a short sentence for the ledger."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
