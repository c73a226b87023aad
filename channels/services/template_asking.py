"""A provider was asked about a template because a person waits: its answer, or the refusal."""

from typing import Any

from channels.errors import InvalidTemplate, ProviderUnavailable, TemplateRefused
from channels.providers.contract import Accepted, ChannelBroken, InvalidMessage, Rejected, Throttled
from channels.services.templates import Synced


def invalid(error: InvalidMessage) -> InvalidTemplate:
    """The refusal for what the provider would not even review: its field, and the limit passed."""
    problem = {"field": error.field, "code": "invalid", "detail": error.message}
    extra = {"limit": error.limit} if error.limit is not None else {}
    return InvalidTemplate(error.message, errors=[problem], **extra)


def answered(answer: Any, *, about: str = "") -> Any:
    """The provider's answer, or the refusal that explains why there is none; ``about`` names its field."""
    where = {"errors": [{"field": about, "code": "refused"}]} if about else {}
    match answer:
        case dict() | str() | Synced() | Accepted():
            return answer
        case Rejected():
            raise TemplateRefused(f"{answer.title}. {answer.advice}", provider_code=answer.code,
                                  provider_detail=answer.detail, **where)  # fmt: skip
        case ChannelBroken():
            raise TemplateRefused(f"{answer.title}. {answer.advice}", provider_code=answer.code,
                                  **where)  # fmt: skip
        case Throttled():
            wait = int(answer.retry_after or 60)
            raise ProviderUnavailable(f"{answer.title or 'Too many requests'}.", retry_after_s=wait,
                                      **where)  # fmt: skip
    raise ProviderUnavailable(
        getattr(answer, "reason", "") or getattr(answer, "title", ""), **where
    )
