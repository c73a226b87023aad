"""The page to which a provider's dialog brings an owner back: it hands what came to the API, and says what became of it.

It stands at the default of ``META_REDIRECT_URL``. A code in an address is kept from leaking: no
referrer, nothing stored, the address cleaned before anything else is done.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from channels.services.signin import tenant_of_state
from config.api.pages import private_page

LONGEST = {"state": 1000, "code": 2000}
SAID = {
    "denied": "You did not give access, so nothing was connected.",
    "invalid": "This sign-in was not begun here, or too long ago. Nothing was connected.",
}


@require_safe
def connected(request: HttpRequest) -> HttpResponse:
    """Only whoever began the sign-in can complete it: the API judges state and code, not this page."""
    state, code = (request.GET.get(name, "") for name in LONGEST)
    is_whole = 0 < len(state) <= LONGEST["state"] and 0 < len(code) <= LONGEST["code"]
    tenant = tenant_of_state(state) if is_whole else ""
    problem = "denied" if request.GET.get("error") else "" if tenant else "invalid"
    shown = {"problem": SAID.get(problem, ""), "app": settings.FRONTEND_URL}
    if not problem:
        token = get_token(request)
        shown |= {"state": state, "code": code, "tenant": tenant, "csrf": token}
    status = 200 if problem != "invalid" else 400
    return private_page(request, "channels/connected.html", shown, status)
