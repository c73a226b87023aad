"""``IdField``: ids that JSON, Celery and allauth can carry."""

from typing import Any

from bson import ObjectId
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
