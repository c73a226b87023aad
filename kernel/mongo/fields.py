"""``IdField``: ids that JSON, Celery and allauth can carry."""

from typing import TYPE_CHECKING, Any

from bson import ObjectId
from django.db import models
from django_mongodb_backend.fields import ObjectIdAutoField, ObjectIdField

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


class PersonIdField(ObjectIdField):
    """``IdField`` for the user model.

    To allauth a key that is an ``AutoField`` is an integer, because Django's is
    one; it writes it in base 36 when a login waits for a code or a second factor.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(primary_key=True, db_column="_id", editable=False)
        kwargs.setdefault("default", new_id)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else str(value)

    def to_python(self, value: Any) -> str | None:
        value = super().to_python(value)
        return None if value is None else str(value)

    def get_prep_value(self, value: Any) -> ObjectId | None:
        return ObjectIdField.to_python(self, value)


class DocumentField(models.JSONField):
    """A JSON value kept as a document, read and written as it is.

    The backend passes each value of Django's ``JSONField`` through JSON text on
    its way out of the database; on a page of messages that costs more than the
    query. Values must be what BSON holds; the edges see to that.
    """

    if TYPE_CHECKING:  # what a row's attribute is, for the type checker

        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

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
