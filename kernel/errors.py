"""The errors a caller can act on.

A service refuses by raising a subclass of `DomainError`. The class says *which* refusal
(`code`, `status`, `title`), the instance says *this* refusal (`detail`, `errors`, `data`).
One translator at the HTTP edge turns them into `application/problem+json`; nothing here
knows about a framework, so services, workers and commands can raise and catch them alike.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NotRequired, TypedDict


class FieldError(TypedDict):
    """One complaint about one field of the caller's input.

    `field` is a dotted path (`"contact.email"`), empty when the complaint is about the whole.
    """

    field: str
    code: str
    detail: NotRequired[str]


class DomainError(Exception):
    """A refusal. Subclass one of the bases below, set `code` and `title`, raise it.

    `code` is part of the public API: it never changes its meaning. `detail` is a sentence for
    a human and may change. `data` are JSON-ready members added to the problem document.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Iterable[Mapping[str, str]] | None = None,
        **data: Any,
    ) -> None:
        self.detail: str = self.title if detail is None else detail
        self.errors: list[FieldError] = [_field_error(item) for item in errors or ()]
        self.data: dict[str, Any] = data
        super().__init__(self.detail)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own pickling passes only `detail`; workers carry errors between processes.
        return _rebuild, (type(self), self.detail, self.errors, self.data)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, detail={self.detail!r})"


def _field_error(item: Mapping[str, str]) -> FieldError:
    error: FieldError = {"field": item.get("field", ""), "code": item["code"]}
    if "detail" in item:
        error["detail"] = item["detail"]
    return error


def _rebuild(
    kind: type[DomainError], detail: str, errors: list[FieldError], data: dict[str, Any]
) -> DomainError:
    # Subclasses may have their own signature, so the state is restored without calling it.
    error = kind.__new__(kind, detail)
    error.detail, error.errors, error.data = detail, errors, data
    return error


class BadRequest(DomainError):
    """The request cannot be understood; repeating it unchanged cannot help."""

    code = "bad_request"
    status = 400
    title = "The request could not be understood"


class Unauthenticated(DomainError):
    """Who is asking is not known: no credential, or one that does not hold."""

    code = "unauthenticated"
    status = 401
    title = "Sign in to continue"


class Forbidden(DomainError):
    """Who is asking is known and may not do this."""

    code = "forbidden"
    status = 403
    title = "You may not do this"


class NotFound(DomainError):
    """No such thing here. Another tenant's thing is exactly as absent as a random id."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(DomainError):
    """The request is well formed but the present state forbids it."""

    code = "conflict"
    status = 409
    title = "The current state does not allow this"


class PreconditionFailed(DomainError):
    """The caller's version of the thing is not the current one."""

    code = "precondition_failed"
    status = 412
    title = "It was changed in the meantime"


class TooLarge(DomainError):
    """The body or the file is larger than is accepted."""

    code = "too_large"
    status = 413
    title = "Too large"


class Invalid(DomainError):
    """Values that are understood and not acceptable; `errors` names the fields."""

    code = "invalid"
    status = 422
    title = "Some values are not acceptable"


class RateLimited(DomainError):
    """Too many requests. `retry_after_s` (seconds, may be fractional) says when to come back."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"

    @property
    def retry_after_s(self) -> float | None:
        """Seconds to wait, when the one who refused knew them."""
        value = self.data.get("retry_after_s")
        return None if value is None else float(value)


class Unavailable(DomainError):
    """Something we depend on is away; the same request may succeed later."""

    code = "unavailable"
    status = 503
    title = "Temporarily unavailable"


def all_errors() -> list[type[DomainError]]:
    """Every refusal that has been imported, sorted by status, then code.

    The source of the generated `docs/errors.md`: import the apps' `errors` modules first.
    """
    return sorted(set(_descendants(DomainError)), key=lambda kind: (kind.status, kind.code))


def _descendants(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)
