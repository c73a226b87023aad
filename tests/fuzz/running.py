"""One run of Schemathesis over our schema and our WSGI application, and what it found."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema
from schemathesis.transport.wsgi import WSGITransport

from tests.api import contract

# A refusal is a fine answer to what is wrong, and to what is right but names nothing that exists.
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 415, 422, 429, 503]
SESSIONS = ("session", "personSession")
NETWORK_ONLY = frozenset({"max_redirects", "verify", "cert", "proxies"})
ALONE, CHAINED = ("examples", "coverage", "fuzzing"), ("stateful",)


@dataclass
class Run:
    """Requests by phase and by status, the operations that were reached, and the failures.

    ``needles`` are secrets that no answer may hold; ``shown`` says which answers did.
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    transitions: int = 0
    needles: frozenset[str] = field(default=frozenset(), repr=False)
    shown: list[str] = field(default_factory=list)

    def note(self, event: Any) -> None:
        """Take in an event of the engine."""
        if isinstance(event, events.ScenarioFinished):
            self._scenario(event)
        elif isinstance(event, events.PhaseStarted) and event.payload is not None:
            self.transitions = max(self.transitions, event.payload.transitions_total)
        elif isinstance(event, events.NonFatalError):
            self.errors.append(f"{event.label}: {event.value!r}"[:500])
        elif isinstance(event, events.FatalError):
            raise event.exception

    def _scenario(self, event: Any) -> None:
        recorder = event.recorder
        for id_, interaction in recorder.interactions.items():
            if interaction.response is None:
                continue
            label, status = (
                recorder.cases[id_].value.operation.label,
                interaction.response.status_code,
            )
            self._search(label, interaction.response)
            self.requests[str(event.phase.value)] += 1
            self.statuses[status] += 1
            self.reached.add(label)
            if status < 300:
                self.answered.add(label)
        for id_, checks in recorder.checks.items():
            for check in checks:
                if check.status == Status.FAILURE and check.failure_info is not None:
                    self._failed(recorder, id_, check.failure_info.failure)

    def _search(self, label: str, answer: Any) -> None:
        text = answer.content.decode(errors="replace") + str(answer.headers)
        count = sum(needle in text for needle in self.needles)
        if count:
            self.shown.append(f"{label}: {answer.status_code} shows {count} secrets")

    def _failed(self, recorder: Any, id_: str, failure: Failure) -> None:
        case, answer = recorder.cases[id_].value, recorder.interactions[id_].response
        key = f"{case.operation.label}: {type(failure).__name__}"
        told = answer.content[:300] if answer else b""
        self.failures.setdefault(
            key,
            f"{failure.title}: {failure.message[:400]}\n{case.as_curl_command()[:600]}\n{told!r}",
        )


_send = WSGITransport.send


def _send_in_process(self: Any, case: Any, *, session: Any = None, **kwargs: Any) -> Any:
    """Werkzeug's client knows nothing of redirects and certificates, which the engine passes on."""
    kwargs = {name: value for name, value in kwargs.items() if name not in NETWORK_ONLY}
    return _send(self, case, session=session, **kwargs)


def fuzz(token: str, tenant: str, *, phases: tuple[str, ...], examples: int, seconds: int,
         seed: int, needles: frozenset[str]) -> Run:  # fmt: skip
    """Fuzz every operation for at most ``seconds``; ``examples`` is the most for each and phase.

    ``token`` is of an app's session, ``tenant`` the slug of the tenant that is named on each request.
    """
    app, run = get_wsgi_application(), Run(needles=needles)
    config = schemathesis.Config.from_dict({
        "seed": seed,
        "max-time": seconds,
        "continue-on-failure": True,
        "auth": {"openapi": {name: {"api_key": token} for name in SESSIONS}},
        "suppress-health-check": ["all"],
        "generation": {"mode": "all", "max-examples": examples, "no-shrink": True,
                       "database": "none", "exclude-header-characters": "\r\n\0"},
        "parameters": {"header.X-Tenant": tenant},
        "phases": {name: {"enabled": name in phases} for name in (*ALONE, *CHAINED)},
        "checks": {
            "not_a_server_error": {"expected-statuses": ["2xx", *REFUSALS]},
            "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSALS]},
            "negative_data_rejection": {"expected-statuses": REFUSALS},
        },
        "warnings": False,
    })  # fmt: skip
    schema = schemathesis.openapi.from_wsgi("/api/schema/", app, config=config)
    schema = schema.exclude(path=contract.STREAM)  # another process answers it, and never ends
    with mock.patch.object(WSGITransport, "send", _send_in_process):
        for event in from_schema(schema).execute():
            run.note(event)
    return run
