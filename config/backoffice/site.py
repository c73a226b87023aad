"""The site itself. Every page that is not named here as standing above tenants runs inside one."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.sites import UnfoldAdminSite

from config.backoffice import (
    chooser,
    dashboard,
    factor,
    finder,
    login,
    passkey,
    queues,
    stuck,
    support,
)
from config.backoffice.admission import is_admitted
from config.backoffice.scope import inside_tenant
from kernel.backoffice.base import BackofficeAdmin

ABOVE_TENANTS = {
    "choose_tenant",
    "i18n_javascript",
    "logout",
    "password_change",
    "password_change_done",
    "queues",
}


class Backoffice(UnfoldAdminSite):
    """Support staff work here, inside one tenant at a time.

    ``admin_view`` is the one door of every page, popups and autocompletes
    included; a page that says nothing about itself needs a tenant.
    """

    index_title = "Overview"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages made for it. What other packages register edits global rows, and stays outside."""
        if isinstance(admin_class, type) and issubclass(admin_class, BackofficeAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and is_admitted(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(
            inside_tenant(view, needs_tenant=self._needs_tenant(view)), cacheable
        )

    def _needs_tenant(self, view: Any) -> bool:
        owner = getattr(view, "__self__", None)
        if owner is self:
            return view.__name__ not in ABOVE_TENANTS
        return bool(getattr(owner, "needs_tenant", True))

    def extra_urls(self) -> list[Any]:
        return [
            path("choose/", self.admin_view(self.choose_tenant), name="choose_tenant"),
            path("login/code/", self.login_code, name="login_code"),
            path("login/webauthn/", self.login_passkey, name="login_passkey"),
            path("login/code/webauthn/", self.login_code_passkey, name="login_code_passkey"),
            path("login/factor/", self.login_factor, name="login_factor"),
            path("work/", self.admin_view(self.work), name="work"),
            path("work/replay/", self.admin_view(self.replay_all), name="replay_all"),
            path("queues/", self.admin_view(self.queues), name="queues"),
            path("find/", self.admin_view(self.find), name="find"),
            path("access/grant/", self.admin_view(self.grant), name="grant"),
            path("acting/end/", self.admin_view(self.end_acting), name="end_acting"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "acting": support.banner(request)}

    def _search_apps(self, app_list: list[dict[str, Any]], search_term: str) -> list[Any]:
        """Pages by name, as documents: the package caches them, and our cache holds what BSON does."""
        return [asdict(found) for found in super()._search_apps(app_list, search_term)]

    # ------------------------------------------------------------------ pages

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return dashboard.index(self, request, extra_context)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        """How the code is divided is not how the backoffice is: an app has no page of its own."""
        return HttpResponseRedirect(reverse("admin:index"))

    def work(self, request: HttpRequest) -> HttpResponse:
        return dashboard.work(self, request)

    def replay_all(self, request: HttpRequest) -> HttpResponse:
        return stuck.replay_for_cause(self, request)

    def queues(self, request: HttpRequest) -> HttpResponse:
        return queues.queues(self, request)

    def find(self, request: HttpRequest) -> HttpResponse:
        return finder.find(self, request)

    def grant(self, request: HttpRequest) -> HttpResponse:
        return support.grant(self, request)

    def end_acting(self, request: HttpRequest) -> HttpResponse:
        return support.stop(self, request)

    def choose_tenant(self, request: HttpRequest) -> HttpResponse:
        return chooser.choose_tenant(self, request)

    @method_decorator([never_cache, login_not_required, sensitive_post_parameters()])
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return login.sign_in(self, request)

    @method_decorator([never_cache, login_not_required, sensitive_post_parameters()])
    def login_code(self, request: HttpRequest) -> HttpResponse:
        return login.confirm_code(self, request)

    @method_decorator([never_cache, login_not_required, sensitive_post_parameters()])
    def login_passkey(self, request: HttpRequest) -> HttpResponse:
        return passkey.alone(request)

    @method_decorator([never_cache, login_not_required, sensitive_post_parameters()])
    def login_code_passkey(self, request: HttpRequest) -> HttpResponse:
        return passkey.as_second_factor(request)

    @method_decorator([never_cache, login_not_required, sensitive_post_parameters()])
    def login_factor(self, request: HttpRequest) -> HttpResponse:
        return factor.set_up(self, request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Passwords change through allauth, where its limits hold; there is no second way."""
        raise Http404
