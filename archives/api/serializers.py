"""Shapes of the Archive agent's requests and answers."""

from rest_framework import serializers

from archives.models import Erasure, Export, Import
from config.api.fields import Id, Text, Whole
from config.api.serializers import Body, Shown

WORK_STATES = ["running", "done", "failed"]


class AskErasure(Body):
    slug = Text(max_length=40, help_text="The tenant's slug, to say that this is the one.")
    grace_days = Whole(required=False, min_value=0, max_value=90,
                       help_text="Longer than the installation's grace period, never shorter.")  # fmt: skip


class ArchiveUpload(Body):
    file = serializers.FileField(help_text="The archive, as an export made it.")
    slug = Text(max_length=40, help_text="The new tenant's.")


class Counts(serializers.DictField):
    child = serializers.IntegerField()


class ExportShown(Shown):
    id = Id()
    contact_id = Id(allow_null=True, help_text="Null for the whole tenant.")
    phase = serializers.ChoiceField(choices=[phase for phase, _ in Export.PHASES])
    counts = Counts(help_text="Rows written so far, by collection.")
    file_count = serializers.IntegerField()
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the archive.")
    created_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(
        allow_null=True, help_text="Serves the archive for an hour; read again for a new one."
    )
    error = serializers.CharField(allow_blank=True)


class ImportShown(Shown):
    id = Id()
    slug = serializers.CharField()
    phase = serializers.ChoiceField(choices=[phase for phase, _ in Import.PHASES])
    tenant_id = Id(allow_null=True, help_text="The new tenant, once it is done.")
    report = serializers.DictField(
        help_text="What was taken in: counts per collection of both, the origin, its audit head."
    )
    problem = serializers.CharField(allow_blank=True, help_text="Why it was refused.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class Certificate(Shown):
    body = serializers.DictField(
        help_text="What was erased: counts before and after, times, who asked."
    )
    signature = serializers.CharField(help_text="Ed25519, by the key that signs audit checkpoints.")


class ErasureShown(Shown):
    id = Id()
    tenant_id = Id()
    slug = serializers.CharField()
    state = serializers.ChoiceField(choices=[state for state, _ in Erasure.STATES])
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="Until then it can be cancelled.")
    finished_at = serializers.DateTimeField(allow_null=True)
    certificate = Certificate(allow_null=True)


class ContactErasureShown(Shown):
    id = Id()
    contact_id = Id()
    state = serializers.ChoiceField(choices=WORK_STATES)
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    certificate = Certificate(allow_null=True)


class RetentionRunShown(Shown):
    id = Id()
    day = serializers.CharField(help_text="The day in UTC, such as `2026-03-14`.")
    state = serializers.ChoiceField(choices=WORK_STATES)
    days = Counts(help_text="For how many days the tenant wanted to keep each kind then.")
    removed = Counts(help_text="What was removed so far, by kind of row or file.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
