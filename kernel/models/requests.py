"""What was answered to an unsafe request, so that its repetition gets the same answer."""

from django.db import models

from kernel.clock import now
from kernel.mongo.fields import DocumentField
from kernel.scoping.models import TenantModel


class IdempotencyKey(TenantModel):
    """One ``Idempotency-Key`` of one principal.

    ``state`` is running (until ``lease_until``), committed (the effect is in
    the database, the answer is not stored yet) or answered.
    """

    RUNNING, COMMITTED, ANSWERED = "running", "committed", "answered"

    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default=RUNNING)
    lease_until = models.DateTimeField()
    status = models.IntegerField(default=0)
    body = DocumentField(null=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()

    cross_tenant_indexes = {"idempotency_expiry": "expired rows of all tenants are purged at once"}

    class Meta(TenantModel.Meta):
        db_table = "idempotency_keys"
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="idempotency_key")]
        indexes = [models.Index(fields=["expires_at"], name="idempotency_expiry")]
