"""Fields that take their own JSON type and nothing that could be turned into it."""

from typing import Any

from rest_framework import serializers

ID_PATTERN = r"^[0-9a-f]{24}\Z"  # $ would let a line end through


class Text(serializers.CharField):
    """A string, kept as it is written: no trimming, no numbers."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Id(serializers.RegexField):
    """One of our ids: 24 hexadecimal digits."""

    default_error_messages = {"invalid": "This is not an id (24 hexadecimal digits)."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ID_PATTERN, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    """``true`` or ``false``."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A whole number."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Choice(serializers.ChoiceField):
    """One of a few words. The refusal names them, and does not repeat what was sent."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        words = ", ".join(str(word) for word in self.choices if word != "")
        self.error_messages["invalid_choice"] = f"This is not one of: {words}."

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return str(super().to_internal_value(data))
