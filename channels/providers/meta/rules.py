"""A channel's error table: what each of Meta's codes means here.

Kinds: R retry with back-off · Q throttled, wait · T the token, permission or set-up must be
fixed · A the account is blocked or restricted · P permanent for this message · U permanent for
this person or kind of message · S it may have been taken, though an error came back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["R", "Q", "T", "A", "P", "U", "S"]

_TELLING = 1000
"""From here on a subcode means the same under any code; smaller ones belong to theirs."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a code means. ``scope`` belongs to Q, ``max_tries`` (repetitions) to R; seconds."""

    code: int
    subcode: int | None
    kind: Kind
    title: str
    advice: str
    scope: str = ""
    wait_s: float | None = None
    max_tries: int | None = None


class Rules:
    """The rows of one channel's table, filled once while its module is imported."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int | None], Rule] = {}
        self._by_subcode: dict[int, Rule] = {}

    def add(
        self,
        codes: int | Iterable[int],
        kind: Kind,
        title: str,
        advice: str,
        *,
        subcodes: int | Iterable[int] | None = None,
        scope: str = "",
        wait_s: float | None = None,
        max_tries: int | None = None,
    ) -> None:
        """Add a row for each code with each subcode; a code alone has none."""
        under: list[int | None] = [*_each(subcodes)] if subcodes is not None else [None]
        for code in _each(codes):
            for subcode in under:
                rule = Rule(
                    code=code,
                    subcode=subcode,
                    kind=kind,
                    title=title,
                    advice=advice,
                    scope=scope or ("number" if kind == "Q" else ""),
                    wait_s=wait_s,
                    max_tries=max_tries,
                )
                self._rows[code, subcode] = rule
                if subcode is not None and subcode >= _TELLING:
                    self._by_subcode.setdefault(subcode, rule)

    def find(self, code: int, subcode: int | None = None) -> Rule | None:
        """Return what is documented, the most exact first; None if nothing is.

        A subcode is trusted over the code that it came with, and some are listed as codes.
        """
        if subcode is not None:
            exact = self._rows.get((code, subcode)) or self._by_subcode.get(subcode)
            listed = self._rows.get((subcode, None)) if subcode >= _TELLING else None
            if exact or listed:
                return exact or listed
        return self._rows.get((code, None)) or self._by_subcode.get(code)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rows.values())


def _each(codes: int | Iterable[int]) -> Iterable[int]:
    return (codes,) if isinstance(codes, int) else codes
