"""Every address the web process answers."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from channels.api.connected import connected
from config import health
from config.account_pages import provider_error
from config.api import converters, stuck
from config.api.audit import AuditLog, AuditLogExport, AuditLogVerify
from config.api.elsewhere import sign_in_schema, sign_in_schema_yaml
from config.api.feed import Events
from config.api.work import Work
from kernel.catalogue import as_html
from tenants.api.invitation_page import invitation

converters.register()  # before the apps' addresses use it


handler400 = "config.api.errors.bad_request"
handler404 = "config.api.errors.not_found"
handler500 = "config.api.errors.server_error"


def errors_page(request: HttpRequest) -> HttpResponse:
    """Where a problem's ``type`` points."""
    return HttpResponse(as_html())


API = [
    path("", include("tenants.api.urls")),
    path("", include("channels.api.urls")),
    path("", include("crm.api.urls")),
    path("", include("messaging.api.urls")),
    path("", include("webhooks.api.urls")),
    path("", include("archives.api.urls")),
    path("events", Events.as_view()),
    path("work", Work.as_view()),
    path("tenants/<id:tenant_id>/work", stuck.Causes.as_view()),
    path("tenants/<id:tenant_id>/work-items", stuck.Items.as_view()),
    path("tenants/<id:tenant_id>/work-items/replay", stuck.ReplayAll.as_view()),
    path("tenants/<id:tenant_id>/work-items/<id:item_id>/replay", stuck.Replay.as_view()),
    path("tenants/<id:tenant_id>/work-items/<id:item_id>/discard", stuck.Discard.as_view()),
    path("audit-log", AuditLog.as_view()),
    path("audit-log/verify", AuditLogVerify.as_view()),
    path("audit-log/export", AuditLogExport.as_view()),
]

urlpatterns = [
    path("api/v1/", include(API)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/docs/errors", errors_page),
    path("live", health.live),
    path("ready", health.ready),
    path("health/canaries", health.canaries),
    path("metrics", health.metrics),
    path("admin/", admin.site.urls),
    path("channels/connected", connected),
    path("invitations/accept", invitation),
    path("account/provider/error", provider_error),
    path("_allauth/openapi.json", sign_in_schema),
    path("_allauth/openapi.yaml", sign_in_schema_yaml),
    path("_allauth/", include("accounts.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("accounts/", include("accounts.callbacks")),
]
