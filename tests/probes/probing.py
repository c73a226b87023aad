"""Sending probes, and judging what comes back beside what a random id gets."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from kernel.mongo.ids import new_id
from tests.probes.populated import LEAST, Populated
from tests.probes.positions import Operation, Place, with_value

FIXED_ID = "the-same-each-time"
UNTOLD = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "Date")
MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?")
LINK = re.compile(rb"/(?:media|exports)/content/[^\"]+")
PERSON = "probes.person"  # in the request's environment: who is signed in
MALFORMED = ("123", "G" * 24, "a" * 23, "0" * 25, "null", "$ne")


@dataclass(frozen=True)
class Answer:
    """An answer with what may differ from call to call taken out."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __str__(self) -> str:
        return f"{self.status} {self.body[:300]!r}"


@dataclass
class Caller:
    """One credential, without the contract's judge: thousands of requests go through here."""

    role: str
    headers: dict[str, str]
    person: Any = None
    is_thorough: bool = False
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def is_key(self) -> bool:
        return "Authorization" in self.headers

    def send(self, method: str, path: str, *, body: Any = None, query: Any = None,
             headers: dict[str, str] | None = None) -> Any:  # fmt: skip
        given: dict[str, Any] = {
            "headers": {"X-Request-Id": FIXED_ID, **self.headers, **(headers or {})}
        }
        given[PERSON] = self.person
        if query:
            given["query_params"] = query
        if method in ("post", "patch", "put"):
            given |= {"data": {} if body is None else body, "content_type": "application/json"}
        return getattr(self.client, method)(path, **given)


def raw(response: Any) -> bytes:
    """The whole body, also of a file."""
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content)
    return bytes(response.content)


def told(response: Any, given: str) -> Answer:
    """What the answer says, the id that was asked with and the moment taken out."""
    body = LINK.sub(b"<link>", MOMENT.sub(b"<at>", raw(response)))
    if len(given) >= LEAST:
        body = body.replace(given.encode(), b"<id>")
    headers = tuple(sorted((n, v) for n, v in response.headers.items()
                           if n not in UNTOLD and n not in ("Set-Cookie", "Content-Length")))  # fmt: skip
    return Answer(response.status_code, headers, body)


@dataclass
class Findings:
    """What was asked, and what should not have been answered."""

    canaries: frozenset[str]
    count: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _clean: set[Answer] = field(default_factory=set)

    def judge(self, where: str, answer: Answer, given: str = "") -> None:
        """Nothing of the other tenant, and no crash."""
        self.count[where.split(" ")[0]] += 1
        if answer.status >= 500:
            self.wrong.append(f"{where}: crashed: {answer}")
        if answer in self._clean:
            return
        text = answer.body.decode(errors="replace") + repr(answer.headers)
        seen = [canary for canary in self.canaries if canary in text and canary not in given]
        if seen:
            self.wrong.append(f"{where}: shows {seen[:3]}: {answer}")
        else:
            self._clean.add(answer)

    def same(self, where: str, answer: Answer, random: Answer) -> None:
        """An id of another tenant is a random id."""
        if answer != random:
            self.wrong.append(f"{where}: {answer} {answer.headers} but a random id gets {random} "
                              f"{random.headers}")  # fmt: skip

    def refused(self, where: str, answer: Answer) -> None:
        """What is no id of one's own is never taken."""
        if answer.status < 400:
            self.wrong.append(f"{where}: taken: {answer}")


@dataclass
class Probing:
    """One caller in tenant ``here``, asking with what belongs to ``there``."""

    caller: Caller
    here: Populated
    there: Populated
    findings: Findings

    def own(self, places: list[Place]) -> dict[str, str]:
        """Path parameters of rows that exist here and belong together."""
        return {place.name: self.here.ids[place.model][0] for place in places}

    def forms(self, place: Place) -> Iterator[tuple[str, str]]:
        """What is written where the id belongs, by the name of its form."""
        others = sorted(set(self.there.ids) - {place.model, "accounts.User"})
        other = others[len(place.name) % len(others)]
        while not self.there.ids[other] or not self.here.ids.get(other):
            other = others[(others.index(other) + 1) % len(others)]
        yield "foreign", self.there.ids[place.model][0]
        if self.caller.is_thorough:
            yield "foreign-too", self.there.ids[place.model][-1]
            yield "own-other-kind", self.here.ids[other][0]
        yield "foreign-other-kind", self.there.ids[other][0]

    def ask(self, operation: Operation, path: str, given: str, **request: Any) -> Answer:
        return told(self.caller.send(operation.method, path, **request), given)

    def compare(self, where: str, ask: Any, place: Place, *, must_refuse: bool) -> None:
        """``ask`` with each form of id, beside the same with an id that nothing has."""
        random_id = new_id()
        random = ask(random_id)
        self.findings.judge(f"{where} random", random, random_id)
        for form, id_ in self.forms(place):
            answer = ask(id_)
            self.findings.judge(f"{where} {form}", answer, id_)
            self.findings.same(f"{where} {form}", answer, random)
            if must_refuse:
                self.findings.refused(f"{where} {form}", answer)

    def malformed(self, where: str, ask: Any, foreign: str) -> None:
        """What is no id at all, the foreign id in another spelling among them."""
        spellings = (foreign.upper(), f"{foreign}\n", f"{foreign}0", foreign[:-1], *MALFORMED)
        for text in spellings if self.caller.is_thorough else spellings[:1]:
            answer = ask(text)
            self.findings.judge(f"{where} malformed {text!r}", answer, text)
            self.findings.refused(f"{where} malformed {text!r}", answer)


def body_with(operation: Operation, place: Place, own: str, id_: Any) -> Any:
    """A body with the id; a list holds one of one's own before it, so that half of it is right."""
    is_list = place.name.rsplit(".", 1)[-1].isdigit()
    return with_value(operation, place.name, [own, id_] if is_list else id_)
