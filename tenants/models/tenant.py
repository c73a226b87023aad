"""A company that uses the product."""

from django.core.validators import RegexValidator
from django.db import models
from django_mongodb_backend.fields import ArrayField

from kernel.clock import now
from kernel.mongo.fields import DocumentField

SLUG = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$", "lower-case letters, digits and inner dashes"
)


class Tenant(models.Model):
    """Global: its id is the tenant id that every other row carries.

    ``entry`` is what its settings ask of whoever enters, kept here because the tenant is read at
    each request and the settings are not. ``limits`` are the limits that differ from the
    installation's, by name; null is no limit. ``closed_by`` are the causes for which it is
    suspended (``CAUSES``); it is active when none is left (``tenants.services.closing``).
    ``made_by_id`` is the person who made it, and
    ``made_number`` which of the tenants that this person may make it is: nobody's is given twice, so
    an index decides how many there are.
    """

    ACTIVE, SUSPENDED = "active", "suspended"
    BY_STAFF, BY_ERASURE, BY_IMPORT = "staff", "erasure", "import"
    CAUSES = (BY_STAFF, BY_ERASURE, BY_IMPORT)

    slug = models.CharField(max_length=40, unique=True, validators=[SLUG])
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=12, default=ACTIVE,
                              choices=[(ACTIVE, "active"), (SUSPENDED, "suspended")])  # fmt: skip
    created_at = models.DateTimeField(default=now)
    suspended_at = models.DateTimeField(null=True, blank=True)
    closed_by = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    entry = DocumentField(default=dict, blank=True)
    limits = DocumentField(default=dict, blank=True)
    made_by_id = models.CharField(max_length=24, blank=True, editable=False)
    made_number = models.IntegerField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "tenants"
        constraints = [
            models.UniqueConstraint(fields=["made_by_id", "made_number"], name="tenant_made")
        ]

    def __str__(self) -> str:
        return self.name
