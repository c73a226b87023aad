"""What the answer to a send teaches about its template: paused, or disabled for good."""

from channels.models import Channel, MessageTemplate
from channels.providers.events import TemplateChanged
from channels.services.template_changes import change_template
from channels.services.templates import PAUSED
from kernel.clock import now
from kernel.mongo.transactions import run_transaction

# Codes of WhatsApp's error table.
MEANS = {132015: PAUSED, 132016: "DISABLED"}


def note_refusal(channel: Channel, name: str, language: str, code: int) -> None:
    """Keep what a refused send says of its template, on all numbers of the account; once."""
    status = MEANS.get(code)
    row = MessageTemplate.objects.filter(channel=channel, name=name, language=language).first()
    if status is None or row is None or row.status == status:
        return
    change = TemplateChanged(
        what="status", external_id=row.external_id, name=name, language=language, value=status,
        previous=row.status, reason=f"a send was refused with {code}", provider_at=now(),
    )  # fmt: skip
    run_transaction(lambda: change_template(channel, change))
