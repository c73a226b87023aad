"""Changes that Meta wraps once more, brought into the form of all the others.

What another app answers comes in ``value.standby``, and what that app sent there as the body of its
request in ``message``, beside the id. Source: Meta's ``standby`` webhook reference.
"""

from typing import Any

from channels.providers.whatsapp.access import as_object

Json = dict[str, Any]
_ECHOES, _SENT = "message_echoes", "message"


def unwrapped(value: Json) -> Json:
    """Return the value with its lists where they are elsewhere."""
    if inner := as_object(value, "standby"):
        value = {name: item for name, item in value.items() if name != "standby"} | inner
    echoes = value.get(_ECHOES)
    if isinstance(echoes, list) and any(_is_wrapped(echo) for echo in echoes):
        value = {**value, _ECHOES: [_sent(echo) if _is_wrapped(echo) else echo for echo in echoes]}
    return value


def _is_wrapped(echo: Any) -> bool:
    return isinstance(echo, dict) and isinstance(echo.get(_SENT), dict)


def _sent(echo: Json) -> Json:
    """The request's body with the id; a template's definition joins what was asked of it."""
    outer = {name: item for name, item in echo.items() if name != _SENT}
    both = echo[_SENT] | outer
    if template := as_object(echo[_SENT], "template"):
        both["template"] = template | as_object(outer, "template")
    return both
