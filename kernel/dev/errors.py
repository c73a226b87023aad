"""Why a development command gives up, in sentences that say what to do."""


class CannotStart(Exception):
    """The system cannot be started; the message tells the developer what to change."""


class StopRequested(Exception):
    """Ctrl-C or a termination signal arrived while something was being waited for."""
