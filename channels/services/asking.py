"""A provider was asked to do something at once, because a person waits for it: its answer, or the refusal."""

from typing import Any

from channels.errors import ProviderRefused, ProviderUnavailable
from channels.providers.contract import Accepted, ChannelBroken, Rejected, Throttled

LEAST_WAIT_S = 60


def answered(answer: Any) -> Any:
    """What the provider gave. Raises ``ProviderRefused`` with its reason, or ``ProviderUnavailable``."""
    match answer:
        case dict() | list() | Accepted():
            return answer
        case Rejected():
            raise ProviderRefused(f"{answer.title}. {answer.advice}", provider_code=answer.code,
                                  provider_detail=answer.detail)  # fmt: skip
        case ChannelBroken():
            raise ProviderRefused(f"{answer.title}. {answer.advice}", provider_code=answer.code)
        case Throttled():
            raise ProviderUnavailable(f"{answer.title or 'Too many requests'}.",
                                      retry_after_s=int(answer.retry_after or LEAST_WAIT_S))  # fmt: skip
    raise ProviderUnavailable(getattr(answer, "reason", "") or getattr(answer, "title", ""))
