"""Signing in to the backoffice, by allauth's rules: its rate limits, its stages, its second factor.

allauth runs headless here and has no pages, so these are ours; every decision
is still its own.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import login as flow
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.core import ratelimit
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.stages import AuthenticateStage
from django import forms
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.widgets import BASE_INPUT_CLASSES

from accounts.views import second_factor_turn
from config.backoffice.admission import has_passkey, lacks_factor

INPUT = {"class": " ".join(BASE_INPUT_CLASSES)}
SLOW_DOWN = "Too many attempts. Wait a minute, then try again."
NOT_NOW = "This account cannot sign in here now: it is closed, or its address is not verified yet."


class LoginForm(forms.Form):
    """E-mail and password. Somebody who is not staff gets the answer of a wrong password."""

    username = forms.EmailField(
        label="E-mail",
        widget=forms.EmailInput({**INPUT, "autofocus": "", "autocomplete": "username"}),
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput({**INPUT, "autocomplete": "current-password"})
    )
    login: Login

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        adapter = get_adapter(self.request)
        email = self.cleaned_data["username"].lower()
        user: Any = adapter.authenticate(
            self.request, email=email, password=self.cleaned_data["password"]
        )
        if user is None or not user.is_staff:
            raise adapter.validation_error("email_password_mismatch")
        self.login = Login(user=user, email=email)
        if flow.is_login_rate_limited(self.request, self.login):
            raise adapter.validation_error("too_many_login_attempts")
        return self.cleaned_data


def sign_in(site: Any, request: HttpRequest) -> HttpResponse:
    """The first page: e-mail and password."""
    if request.method == "GET" and site.has_permission(request):
        return HttpResponseRedirect(reverse("admin:index"))
    form = LoginForm(request, request.POST or None)
    status = 200
    if request.method == "POST":
        if not ratelimit.consume(request, action="login"):
            form, status = LoginForm(request), 429
            form.cleaned_data, form._errors = {}, forms.utils.ErrorDict()
            form.add_error(None, SLOW_DOWN)
        elif form.is_valid():
            if (reached := _log_in(request, form.login)) is not None:
                return reached
            form.add_error(None, NOT_NOW)
    context = {**page_context(site, request), "form": form, "app_path": request.get_full_path()}
    return TemplateResponse(request, "admin/backoffice/login.html", context, status=status)


def _log_in(request: HttpRequest, login: Login) -> HttpResponse | None:
    """A session that is no longer fresh ends first: it must not stand in for this one."""
    if request.user.is_authenticated:
        get_adapter(request).logout(request)
    flow.perform_password_login(request, {"email": login.email}, login)
    if request.user.is_authenticated and lacks_factor(request.user):
        reauthenticate_by_password(request)  # it was typed a moment ago
        return _forward(request, "admin:login_factor")
    return reached(request)


def confirm_code(site: Any, request: HttpRequest) -> HttpResponse:
    """The second page, for those with a second factor: a code of theirs."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None:
        return HttpResponseRedirect(reverse("admin:login"))
    form = AuthenticateForm(request.POST or None, user=stage.login.user)
    form.fields["code"].widget.attrs |= INPUT | {"autofocus": "", "inputmode": "text"}
    if request.method == "POST":
        with second_factor_turn(stage.login.user.pk):
            if form.is_valid():
                form.save()
                stage.exit()
                return reached(request) or HttpResponseRedirect(reverse("admin:login"))
    context = {**page_context(site, request), "form": form, "app_path": request.get_full_path(),
               "has_passkey": has_passkey(stage.login.user)}  # fmt: skip
    return TemplateResponse(request, "admin/backoffice/code.html", context)


def reached(request: HttpRequest) -> HttpResponse | None:
    """Where the flow has come: inside, at the second factor, or nowhere."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_page(request))
    if LoginStageController.enter(request, AuthenticateStage.key) is not None:
        return _forward(request, "admin:login_code")
    return None


def _forward(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponseRedirect(reverse(name, query={REDIRECT_FIELD_NAME: next_page(request)}))


def next_page(request: HttpRequest) -> str:
    """Where one was going, unless that is another site."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
    if wanted and url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return reverse("admin:index")


def page_context(site: Any, request: HttpRequest) -> dict[str, Any]:
    """What every page of signing in shows."""
    return {
        **site.each_context(request),
        "title": "Log in",
        "username": request.user.get_username(),
    }
