"""Setting up a second factor on the way in: who must have one and has none comes here."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.flows import activate_totp
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import mark_safe

from config.backoffice.admission import lacks_factor
from config.backoffice.login import INPUT, next_page, page_context


def set_up(site: Any, request: HttpRequest) -> HttpResponse:
    """The secret as a picture and as text; a code of it; then the recovery codes, shown once."""
    user: Any = request.user
    if not (user.is_authenticated and user.is_staff and lacks_factor(user)):
        return HttpResponseRedirect(reverse("admin:login"))
    form = ActivateTOTPForm(request.POST or None, user=user)
    form.fields["code"].widget.attrs |= INPUT | {"autofocus": "", "inputmode": "numeric"}
    context = {**page_context(site, request), "next_page": next_page(request)}
    if request.method == "POST" and form.is_valid():
        try:
            _, codes = activate_totp(request, form)
        except ReauthenticationRequired:
            get_account_adapter(request).logout(request)
            return HttpResponseRedirect(reverse("admin:login"))
        context["recovery_codes"] = _shown_once(codes)
        return TemplateResponse(request, "admin/backoffice/recovery.html", context)
    url = get_adapter().build_totp_url(user, form.secret)
    context |= {"form": form, "app_path": request.get_full_path(), "secret": form.secret,
                "picture": _picture(url)}  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/factor.html", context)


def _picture(url: str) -> str:
    """Drawn here from an address of ours; without the line that only a file of its own needs."""
    drawn = get_adapter().build_totp_svg(url)
    return mark_safe(drawn[drawn.index("<svg") :])


def _shown_once(codes: Authenticator | None) -> list[str]:
    if codes is None:
        return []
    codes.wrap().mark_as_viewed()
    return list(codes.wrap().get_unused_codes())
