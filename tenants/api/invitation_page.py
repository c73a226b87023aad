"""The page that an invitation's link opens: sign in or sign up there, and accept.

It stands at the default of ``SWITCHBOARD_FRONTEND_URL``. The token is behind the ``#`` of the address,
so it reaches the API alone, from the page's script.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from config.api.pages import private_page


@require_safe
def invitation(request: HttpRequest) -> HttpResponse:
    """The same for everybody: what the token is worth, the API says to who holds it."""
    shown = {"app": settings.FRONTEND_URL, "csrf": get_token(request)}
    return private_page(request, "tenants/invitation.html", shown)
