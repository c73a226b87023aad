"""What a browser is sent to where no front-end of one's own stands behind ``SWITCHBOARD_FRONTEND_URL``."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.api.pages import private_page

WHY = {
    "cancelled": "You cancelled it at the provider.",
    "denied": "The provider denied it.",
}
OTHERWISE = "The provider did not tell who you are."


@require_safe
def provider_error(request: HttpRequest) -> HttpResponse:
    """A sign-in by a provider that came to nothing; the address says only which kind it was."""
    why = WHY.get(request.GET.get("error", ""), OTHERWISE)
    return private_page(request, "accounts/provider_error.html", {"why": why})
