"""Every operation × caller × place of an id × form of id: another tenant's id is a random id, everywhere.

The probes are generated from the OpenAPI document, so a new operation is asked the same questions.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from tests.api import contract
from tests.probes.conftest import CALLERS, IDEMPOTENCY_KEY, Pair
from tests.probes.differential import in_path, places_of_all, probe_everything
from tests.probes.populated import BOOKKEEPING, documents, refusals_noted
from tests.probes.positions import operations
from tests.probes.probing import Findings, Probing

# Of one's own tenant only these may differ after a thousand refused requests.
NOTED = BOOKKEEPING | {"api_keys"}
SHOWN = 12


@pytest.mark.parametrize("name", CALLERS)
def test_what_belongs_to_another_tenant_is_not_there(
    pair: Pair, name: str, figure: Callable[[str], None]
) -> None:
    theirs, ours = documents(pair.there, without=BOOKKEEPING), documents(pair.here, without=NOTED)
    noted = refusals_noted(pair.here)
    findings = Findings(pair.canaries)
    probing = Probing(pair.callers[name], pair.here, pair.there, findings)
    mail.outbox.clear()
    probe_everything(probing, pair.cursors, IDEMPOTENCY_KEY)
    wrong = "\n".join(findings.wrong[:SHOWN])
    assert not wrong, f"{len(findings.wrong)} of {findings.count.total()} probes:\n{wrong}"
    assert changed(theirs, documents(pair.there, without=BOOKKEEPING)) == []
    assert changed(ours, documents(pair.here, without=NOTED)) == []
    assert [m.subject for m in mail.outbox] == []
    is_here = name not in ("expired-key", "anonymous", "non-member")
    assert (refusals_noted(pair.here) > noted) == is_here
    assert findings.count.total() > 300
    figure(f"two tenants, {name}: {findings.count.total()} probes, 0 leaks "
           f"{dict(sorted(findings.count.items()))}")  # fmt: skip


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[str]:
    """The collections whose documents are not what they were, with the columns that differ."""
    found = []
    for name, rows in before.items():
        if rows != after[name]:
            now = {row["_id"]: row for row in after[name]}
            columns = {c for row in rows for c in row if now.get(row["_id"], {}).get(c) != row[c]}
            found.append(f"{name} {sorted(columns)} {len(rows)} -> {len(after[name])}")
    return found


def test_the_probes_know_every_place(pair: Pair, figure: Callable[[str], None]) -> None:
    places = list(places_of_all())
    kinds = Counter(place.where for _, place in places)
    with_path = {o.id for o in operations() if "{" in o.path}
    assert {o.id for o, place in places if place.where == "path"} == with_path
    assert {"assignee_id", "reply_to_id", "reaction.message_id", "image.media_id"} <= {
        place.name for _, place in places if place.where == "body"
    }
    assert {"assignee", "channel", "contact"} <= {p.name for _, p in places if p.where == "query"}
    paged = {
        o.id
        for o in operations()
        if o.has_tenant and any(p["name"] == "cursor" for p in o.parameters)
    }
    assert paged - set(pair.cursors) == set(), "these lists had no second page to leak"
    assert len(pair.canaries) > 100
    figure(f"two tenants: {len(contract.operations())} operations, {dict(kinds)} places, "
           f"{len(paged)} cursors, {len(CALLERS)} callers, {len(pair.canaries)} canaries")  # fmt: skip


def test_the_probes_see_an_unscoped_read(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: one view that looks without the tenant, and one that tells them apart."""
    from crm.models import Contact
    from kernel.scoping import Reason, unscoped

    def leak(contact_id: str) -> Any:
        with unscoped(Reason.AUDIT_INTEGRITY):
            return Contact.objects.get(pk=contact_id)

    monkeypatch.setattr("crm.api.views.get_contact", leak)
    monkeypatch.setattr(
        "crm.api.views.one_contact_json", lambda row: {"version": 1, "name": row.name}
    )
    findings = Findings(pair.canaries)
    probing = Probing(pair.callers["viewer"], pair.here, pair.there, findings)
    in_path(probing, next(o for o in operations() if o.id == "contacts_get"), IDEMPOTENCY_KEY)
    assert any("shows" in line for line in findings.wrong)
    assert any("but a random id gets" in line for line in findings.wrong)
