"""Addresses of the Tenant agent, under ``/api/v1/``."""

from django.urls import path

from tenants.api import keys, views

urlpatterns = [
    path("me", views.Me.as_view()),
    path("tenants", views.Tenants.as_view()),
    path("tenant", views.CurrentTenant.as_view()),
    path("tenant/settings", views.Settings.as_view()),
    path("members", views.Members.as_view()),
    path("members/<id:member_id>", views.Member.as_view()),
    path("roles", views.Roles.as_view()),
    path("api-keys", keys.ApiKeys.as_view()),
    path("api-keys/<id:key_id>", keys.OneApiKey.as_view()),
    path("api-keys/<id:key_id>/rotate", keys.Rotate.as_view()),
]
