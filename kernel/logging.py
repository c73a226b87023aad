"""Structured logs: one event, one line, and nothing in it that the reader must not see.

    log = get_logger(__name__)
    bind(request_id="…", tenantId="…")
    log.info("message.accepted", channel_id=channel.id, attempt=2)

An event is named `noun.verb` and its data are keywords. Personal data, message texts and
credentials are masked by key and by their look, in our own events as in those of libraries,
but that is the net and not the rope: do not log them.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO, cast

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "[redacted]"

_KEYS = """
    token secret password passwd authorization cookie session_key sessionid csrftoken otp code_hash
    api_key private_key app_secret signature body text caption message_text payload raw
    phone phone_number display_phone_number wa_id msisdn email recipient recipient_id address
    first_name last_name full_name profile_name username
"""
# Matched against a key, or its last word: `refresh_token` is a `token`.
REDACTED_KEYS = frozenset(_KEYS.split())

_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_MAX_DEPTH = 6
_MAX_TEXT = 20_000
_MAX_KINDS = 2_000
# Each pattern can begin only once in a run of its characters, so that the time stays linear in
# the length of a hostile text.
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(?:EAA|IGAA|IGQV)[A-Za-z0-9_-]{8,}"), MASK),
    (re.compile(r"\bsb_(?:live|test)_\w+"), MASK),
    (re.compile(r"\bwhsec_[\w+/=-]+"), MASK),
    (re.compile(r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (
        re.compile(
            r"""((?:token|secret|password|passwd|signature|sessionid|cookie|api_key)
            ["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"'&;,}]+""",
            re.IGNORECASE | re.VERBOSE,
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(://)[^/\s:@]*:[^/\s@]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
)
# What every secret and every telephone number begins with or holds: most values hold none of
# it, and one search spares them the others.
_SUSPECT = re.compile(
    r"EAA|IGAA|IGQV|sb_|whsec_|eyJ|://|@|\d{8}|\+\d"
    r"|(?i:bearer|basic|token|secret|passw|signature|sessionid|cookie|api_key)"
)
# A run of 8 to 15 digits, or a number written internationally with spaces; not a part of an
# identifier, a decimal, a date or an address. The last two digits stay, to tell numbers apart.
_PHONE = re.compile(r"(?<![\w.+-])(?:\+\d[\d ()./-]{5,20}\d|(?:00)?\d{8,15})(?![\w-]|[.:]\d)")
# C0, C1, DEL and the Unicode line ends: what could end a line or command a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Put there by the chain itself; times are no telephone numbers, and tracebacks come later.
_PLAIN = frozenset({"timestamp", "level", "logger", "exc_info", "stack_info"})
_TRACEBACK = frozenset({"exception", "stack"})


def configure(
    json: bool,
    *,
    level: str = "INFO",
    redact: Iterable[str] = (),
    strict: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Set up structlog and route the standard library's loggers through it.

    `json` writes a JSON object a line, otherwise text for a human. `redact` adds keys to
    `REDACTED_KEYS` (providers declare theirs). `strict` raises `ValueError` for an event of
    ours that is not named `noun.verb`, for tests. Writes to `stream`, standard error by default.
    May be called again.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Before the event becomes a record, so that no other handler sees it bare.
        Redactor(redact),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(json, shared))
    _route_standard_logging(handler, level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            *([_check_name] if strict else []),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger that obeys the latest `configure`; `name` is the module's `__name__`."""
    return cast(structlog.stdlib.BoundLogger, structlog.get_logger(name))


def bind(**context: object) -> None:
    """Add to every event of this request or task: `request_id`, `tenantId`, `user_id`, …"""
    bind_contextvars(**context)


def clear() -> None:
    """Forget what was bound; at the start and the end of each request and task."""
    clear_contextvars()


bound = bound_contextvars
"""`with bound(task_id=…):` binds for the length of a block, and restores what was before."""


# A key belongs to the chain itself, or its value is masked, an identifier, or plain data.
_Kind = Literal["chain", "masked", "identifier", "data"]


class Redactor:
    """The processor that masks by key and by look, to any depth that a log needs."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = REDACTED_KEYS | {_normal(key) for key in keys}
        self._kinds: dict[str, _Kind] = {}

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        return {_inline(key): self._member(key, value, 0) for key, value in event.items()}

    def _member(self, key: str, value: object, depth: int) -> object:
        kind = self._kinds.get(key) or self._learn(key)
        if kind == "chain":
            return value
        if kind == "masked":
            return value if value is None or isinstance(value, bool) else MASK
        return self._value(value, depth, phones=kind == "data")

    def _learn(self, key: str) -> _Kind:
        normal = _normal(key)
        kind: _Kind = "data"
        if key.startswith("_") or key in _PLAIN:
            kind = "chain"
        elif normal in self._keys or normal.rpartition("_")[2] in self._keys:
            kind = "masked"
        elif normal == "id" or normal.endswith(("_id", "_ids")):
            kind = "identifier"
        if len(self._kinds) < _MAX_KINDS:  # keys may come from a provider's payload
            self._kinds[key] = kind
        return kind

    def _value(self, value: object, depth: int, *, phones: bool = True) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            return {
                _inline(str(key)): self._member(str(key), member, depth + 1)
                for key, member in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < _MAX_DEPTH:
            return [self._value(member, depth + 1, phones=phones) for member in value]
        return redact_text(_decoded(value), phones=phones)


def redact_text(text: str, *, phones: bool = True) -> str:
    """`text` without credentials, e-mail addresses and, unless told otherwise, phone numbers."""
    text = text[:_MAX_TEXT]
    if not _SUSPECT.search(text):
        return text
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return _PHONE.sub(_mask_phone, text) if phones else text


def _mask_phone(match: re.Match[str]) -> str:
    return "…" + match[0][-2:]


def _decoded(value: object) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)


def _normal(key: str) -> str:
    # wa-id, waId and WA_ID are one key.
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).replace("-", "_").lower()


def _inline(text: str) -> str:
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda match: _NAMES.get(match[0], f"\\x{ord(match[0]):02x}"), text)


def _mask_traceback(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    for key in _TRACEBACK & event.keys():
        event[key] = redact_text(str(event[key]))
    return event


def _one_line(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Show line ends and control characters as text; JSON and tracebacks have their own way."""
    return {key: value if key in _TRACEBACK else _inline_all(value) for key, value in event.items()}


def _inline_all(value: object) -> object:
    if isinstance(value, str):
        return _inline(value)
    if isinstance(value, dict):
        return {key: _inline_all(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_inline_all(member) for member in value]
    return value


def _check_name(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    if not _EVENT_NAME.fullmatch(str(event.get("event"))):
        raise ValueError(f"an event is named noun.verb, not {event.get('event')!r}")
    return event


def _formatter(json: bool, shared: list[Processor]) -> structlog.stdlib.ProcessorFormatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=False)
        if json
        else structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _mask_traceback,
            _one_line,
            renderer,
        ],
    )


def _route_standard_logging(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These come with handlers of their own, which would write a second, unmasked line.
    for name in ("django", "django.server", "celery", "celery.task", "_granian", "granian.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # Each says at INFO what our own events say better.
    for name in ("pymongo", "urllib3", "celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
