"""Facts of the Archive agent."""

from dataclasses import dataclass

from kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ExportReady(Event):
    type = "export.ready"
    export_id: str


@dataclass(frozen=True, kw_only=True)
class TenantImported(Event):
    type = "tenant.imported"
    tenant_id: str
    origin_tenant_id: str


@dataclass(frozen=True, kw_only=True)
class ErasureAsked(Event):
    type = "tenant.erasure_asked"
    erasure_id: str


@dataclass(frozen=True, kw_only=True)
class ErasureCancelled(Event):
    type = "tenant.erasure_cancelled"
    erasure_id: str


@dataclass(frozen=True, kw_only=True)
class ContactErased(Event):
    """What an app keeps of the person beside the contact (search terms, notes) goes when it hears this."""

    type = "contact.erased"
    contact_id: str
