"""``IdField``: ids that JSON, Celery and allauth can carry."""

from typing import Any

from bson import ObjectId
from django.db import models
from django_mongodb_backend.fields import ObjectIdAutoField

from kernel.mongo.ids import new_id


class IdField(ObjectIdAutoField):
    """A 24-hex ``str`` in Python with a client-side default, an ``ObjectId`` in MongoDB.

    The backend's own field hands out ``ObjectId``, at which JSON, Celery's
    serializer and allauth's signed tokens fail.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", new_id)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else str(value)

    def to_python(self, value: Any) -> str | None:
        value = super().to_python(value)
        return None if value is None else str(value)

    def get_prep_value(self, value: Any) -> ObjectId | None:
        return ObjectIdAutoField.to_python(self, value)


class DocumentField(models.JSONField):
    """A JSON value kept as a document, read and written as it is.

    The backend passes each value of Django's ``JSONField`` through JSON text on
    its way out of the database; on a page of messages that costs more than the
    query. Values must be what BSON holds; the edges see to that.
    """

    def get_internal_type(self) -> str:
        return "DocumentField"

    def db_type(self, connection: Any) -> str:
        return "object"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return value
