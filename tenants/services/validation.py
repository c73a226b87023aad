"""Django's field validation, told in the API's words."""

from django.core.exceptions import ValidationError
from django.db import models

from tenants.errors import InvalidFields


def validated(instance: models.Model, *, exclude: tuple[str, ...] = ()) -> None:
    """``full_clean`` without uniqueness (indexes decide that); raises ``InvalidFields`` with each field."""
    unset = {
        f.name
        for f in instance._meta.concrete_fields
        if f.null and getattr(instance, f.attname) is None
    }
    try:
        instance.full_clean(
            exclude={"tenant", *exclude, *unset}, validate_unique=False, validate_constraints=False
        )
    except ValidationError as error:
        raise InvalidFields(errors=[
            {"field": field, "code": "invalid", "detail": " ".join(messages)}
            for field, messages in error.message_dict.items()
        ]) from error  # fmt: skip
