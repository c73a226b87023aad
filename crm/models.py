"""Contacts: the people who write to a tenant."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.fields import TenantForeignKey
from kernel.scoping.models import TenantModel


class Contact(TenantModel):
    """One person as a tenant knows them. ``version`` counts changes, for ``If-Match``.

    ``preferences`` says by category what the person wants to be sent:
    ``{"marketing": {"is_wanted", "at", "source"}}``. ``merged_into_id`` is set on
    one that turned out to be the same person as another; it has no identities left.
    """

    name = models.CharField(max_length=200, blank=True)
    username = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True)
    attributes = DocumentField(default=dict)
    preferences = DocumentField(default=dict, blank=True)
    blocked = models.BooleanField(default=False)
    merged_into_id = models.CharField(max_length=24, blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    last_seen_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        db_table = "contacts"
        indexes = [
            models.Index(fields=["tenant", "-id"], name="contact_newest"),
            models.Index(fields=["tenant", "phone", "-id"], name="contact_phone"),
        ]

    def __str__(self) -> str:
        """What to call them; who shows nothing of themselves has a short word of ours, not an id."""
        return self.name or self.phone or self.username or f"Customer {self.pk[-6:].upper()}"


class ContactIdentity(TenantModel):
    """How one provider knows a contact. A contact is found by these, never by phone alone.

    A ``retired`` one the person has given up: it still finds them, and is written to last.
    ``changed_at`` is the provider's time of the newest word on that.
    """

    contact = TenantForeignKey(Contact, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20)
    scope = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=200)
    retired = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta(TenantModel.Meta):
        db_table = "contact_identities"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "scope", "value"], name="identity_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "contact"], name="identity_contact")]
