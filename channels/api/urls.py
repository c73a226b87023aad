"""Addresses of the Channel Integration agent, under ``/api/v1/``."""

from django.urls import path

from channels.api import views

urlpatterns = [
    path("channels", views.Channels.as_view()),
    path("channels/<id:channel_id>", views.OneChannel.as_view()),
    path("channels/<id:channel_id>/health", views.Health.as_view()),
    path("channels/<id:channel_id>/test", views.Test.as_view()),
    path("channels/<id:channel_id>/pause", views.Pause.as_view()),
    path("channels/<id:channel_id>/resume", views.Resume.as_view()),
    path("channels/<id:channel_id>/reconnect", views.Reconnect.as_view()),
    path("channels/<id:channel_id>/templates", views.Templates.as_view()),
    path("channels/<id:channel_id>/capabilities", views.Capabilities.as_view()),
]
