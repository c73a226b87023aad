"""Every operation asked with another tenant's ids, in every place where an id can be written."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from kernel.mongo.ids import new_id
from kernel.scoping import tenant_scope
from messaging.media.links import link_to
from tests.api.caller import PREFIX
from tests.probes.positions import (
    Operation,
    Place,
    body_places,
    operations,
    path_places,
    query_places,
)
from tests.probes.probing import Answer, Probing, body_with, told


def probe_everything(probing: Probing, cursors: dict[str, str], idempotency_key: str) -> None:
    """All probes of one caller. What is found stands in its ``findings``."""
    for operation in operations():
        in_path(probing, operation, idempotency_key)
        in_query(probing, operation)
        in_body(probing, operation)
        in_cursor(probing, operation, cursors)
        in_tenant_header(probing, operation)
    in_media_link(probing)
    in_last_event_id(probing)


def in_path(probing: Probing, operation: Operation, idempotency_key: str) -> None:
    """Each parameter alone beside one's own, then all of them; with the other's idempotency key too."""
    places = path_places(operation)
    for place in places:
        where = f"path {probing.caller.role} {operation.id} {place.name}"
        ask = _ask_path(probing, operation, probing.own(places), [place.name])
        probing.compare(where, ask, place, must_refuse=True)
        probing.malformed(where, ask, probing.there.ids[place.model][0])
    if len(places) > 1:
        own, names = probing.own(places), [place.name for place in places]
        theirs = {place.name: probing.there.ids[place.model][0] for place in places}
        answer = probing.ask(operation, operation.filled(theirs), "", body=_example(operation))
        random = _ask_path(probing, operation, own, names)(new_id())
        probing.findings.judge(f"path {probing.caller.role} {operation.id} all", answer)
        probing.findings.same(f"path {probing.caller.role} {operation.id} all", answer, random)
    if places and operation.method != "get":
        _with_header(probing, operation, places, {"Idempotency-Key": idempotency_key})
        if probing.caller.is_thorough:
            _with_header(probing, operation, places, {"If-Match": '"v1"'})


def _ask_path(probing: Probing, operation: Operation, own: dict[str, str], names: list[str]) -> Any:
    def ask(id_: str) -> Answer:
        path = operation.filled({**own, **{name: quote(id_, safe="") for name in names}})
        return probing.ask(operation, path, id_, body=_example(operation))

    return ask


def _with_header(probing: Probing, operation: Operation, places: list[Place],
                 headers: dict[str, str]) -> None:  # fmt: skip
    (name,) = headers
    where = f"{name.lower()} {probing.caller.role} {operation.id}"
    last, own = places[-1], probing.own(places)
    answers = []
    for id_ in (probing.there.ids[last.model][0], new_id()):
        path = operation.filled({**own, last.name: id_})
        answer = probing.ask(operation, path, id_, body=_example(operation), headers=headers)
        probing.findings.judge(where, answer, id_)
        answers.append(answer)
    probing.findings.same(where, *answers)


def in_query(probing: Probing, operation: Operation) -> None:
    places = query_places(operation)
    path = operation.filled(probing.own(path_places(operation)))
    for place in places if operation.method == "get" else ():
        where = f"query {probing.caller.role} {operation.id} {place.name}"

        def ask(id_: str, name: str = place.name) -> Answer:
            return probing.ask(operation, path, id_, query={name: id_})

        probing.compare(where, ask, place, must_refuse=False)
        probing.malformed(where, ask, probing.there.ids[place.model][0])


def in_body(probing: Probing, operation: Operation) -> None:
    """One's own row in the path, another's id inside: refused as a whole."""
    path = operation.filled(probing.own(path_places(operation)))
    for place in body_places(operation):
        where = f"body {probing.caller.role} {operation.id} {place.name}"
        own = probing.here.ids[place.model][0]

        def ask(id_: Any, place: Place = place, own: str = own) -> Answer:
            body = body_with(operation, place, own, id_)
            return probing.ask(operation, path, str(id_), body=body)

        probing.compare(where, ask, place, must_refuse=True)
        probing.malformed(where, ask, probing.there.ids[place.model][0])
        for operator in ({"$ne": None}, {"$in": [probing.there.ids[place.model][0]]}, [None], 7):
            if not probing.caller.is_thorough:
                break
            answer = ask(operator)
            probing.findings.judge(f"{where} operator", answer, str(operator))
            probing.findings.refused(f"{where} operator", answer)


def in_cursor(probing: Probing, operation: Operation, cursors: dict[str, str]) -> None:
    """A token that the other tenant got for the same list opens nothing, like one that was made up."""
    if operation.id not in cursors:
        return
    path = operation.filled(probing.own(path_places(operation)))
    where, theirs = f"cursor {probing.caller.role} {operation.id}", cursors[operation.id]
    forged = theirs[:-4] + ("AAAA" if theirs[-4:] != "AAAA" else "BBBB")
    first, second = (probing.ask(operation, path, token, query={"cursor": token})
                     for token in (theirs, forged))  # fmt: skip
    for answer in (first, second):
        probing.findings.judge(where, answer, theirs)
        probing.findings.refused(where, answer)
    probing.findings.same(where, first, second)


def in_tenant_header(probing: Probing, operation: Operation) -> None:
    """People who name a tenant that is not theirs find none; a key's own tenant does not change."""
    if not operation.has_tenant or (probing.caller.is_key and operation.method != "get"):
        return  # what a key may do in its own tenant, it does, whatever the header says
    tenant, path = probing.there.world.tenant, operation.filled(_own_path(probing, operation))
    where = f"x-tenant {probing.caller.role} {operation.id}"
    random_id = new_id()
    random = _named(probing, operation, path, random_id)
    probing.findings.judge(f"{where} random", random, random_id)
    more = (
        tenant.pk,
        tenant.pk.upper(),
        probing.there.ids["crm.Contact"][0],
        "nowhere-at-all",
        "$ne",
    )
    for named in (tenant.slug, *(more if probing.caller.is_thorough else ())):
        answer = _named(probing, operation, path, named)
        probing.findings.judge(where, answer, named)
        probing.findings.same(where, answer, random)


def _named(probing: Probing, operation: Operation, path: str, named: str) -> Answer:
    return probing.ask(
        operation, path, named, body=_example(operation), headers={"X-Tenant": named}
    )


def _own_path(probing: Probing, operation: Operation) -> dict[str, str]:
    return probing.own(path_places(operation))


def in_media_link(probing: Probing) -> None:
    """A link that was signed here for a file that is there, and links that nobody signed."""
    there = probing.there.ids["messaging.Attachment"][0]
    with tenant_scope(probing.here.world.tenant):
        paths = [link_to(id_, is_thumbnail=small).split(PREFIX)[1]
                 for id_ in (there, new_id()) for small in (False, True)]  # fmt: skip
    answers = [told(probing.caller.send("get", PREFIX + path), "") for path in paths]
    token = paths[0].rsplit("/", 1)[1]
    for forged in (f"media/content/{token[:-3]}AAA", f"media/content/{there}", "media/content/x:y"):
        answers.append(told(probing.caller.send("get", PREFIX + forged), ""))
    for answer in answers:
        probing.findings.judge(f"link {probing.caller.role}", answer)
        probing.findings.same(f"link {probing.caller.role}", answer, answers[-1])
        probing.findings.refused(f"link {probing.caller.role}", answer)


def in_last_event_id(probing: Probing) -> None:
    """The feed takes no position from a header, least of all another tenant's event."""
    event = probing.there.ids["kernel.DomainEvent"][0]
    answers = [
        told(probing.caller.send("get", f"{PREFIX}events", headers={"Last-Event-ID": id_}), id_)
        for id_ in (event, new_id(), "999999999")
    ]
    for answer in answers:
        probing.findings.judge(f"last-event-id {probing.caller.role}", answer)
        probing.findings.same(f"last-event-id {probing.caller.role}", answer, answers[1])


def _example(operation: Operation) -> Any:
    return operation.examples[0] if operation.examples else None


def places_of_all() -> Iterator[tuple[Operation, Place]]:
    """Every place that the schema has, for counting."""
    for operation in operations():
        for found in (path_places(operation), query_places(operation), body_places(operation)):
            yield from ((operation, place) for place in found)
