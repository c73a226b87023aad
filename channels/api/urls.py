"""Addresses of the Channel Integration agent, under ``/api/v1/``."""

from django.urls import path

from channels.api import capabilities, menus, sign_ins, templates, views

urlpatterns = [
    path("channels", views.Channels.as_view()),
    path("channels/sign-ins/instagram", sign_ins.Instagram.as_view()),
    path("channels/sign-ins/instagram/complete", sign_ins.InstagramComplete.as_view()),
    path("channels/sign-ins/whatsapp", sign_ins.WhatsApp.as_view()),
    path("channels/sign-ins/<id:sign_in_id>/connect", sign_ins.Connect.as_view()),
    path("channels/<id:channel_id>", views.OneChannel.as_view()),
    path("channels/<id:channel_id>/health", views.Health.as_view()),
    path("channels/<id:channel_id>/test", views.Test.as_view()),
    path("channels/<id:channel_id>/pause", views.Pause.as_view()),
    path("channels/<id:channel_id>/resume", views.Resume.as_view()),
    path("channels/<id:channel_id>/reconnect", views.Reconnect.as_view()),
    path("channels/<id:channel_id>/templates", templates.Templates.as_view()),
    path("channels/<id:channel_id>/templates/sync", templates.Sync.as_view()),
    path("channels/<id:channel_id>/templates/<id:template_id>", templates.OneTemplate.as_view()),
    path(
        "channels/<id:channel_id>/templates/<id:template_id>/unpause", templates.Unpause.as_view()
    ),
    path("channels/<id:channel_id>/menus", menus.Menus.as_view()),
    path("channels/<id:channel_id>/menus/ice-breakers", menus.IceBreakers.as_view()),
    path("channels/<id:channel_id>/menus/persistent-menu", menus.PersistentMenu.as_view()),
    path("channels/<id:channel_id>/capabilities", capabilities.Capabilities.as_view()),
    path("channels/<id:channel_id>/webhook", views.Webhook.as_view()),
]
