"""Addresses of the Message agent, under ``/api/v1/``."""

from django.urls import path

from messaging.api import comments, conversations, media, messages

ONE = "conversations/<id:conversation_id>"

urlpatterns = [
    path("conversations", conversations.Conversations.as_view()),
    path(ONE, conversations.Conversation.as_view()),
    path(f"{ONE}/assign", conversations.Assign.as_view()),
    path(f"{ONE}/read", conversations.Read.as_view()),
    path(f"{ONE}/window", conversations.Window.as_view()),
    path(f"{ONE}/messages", messages.Messages.as_view()),
    path("messages/<id:message_id>", messages.Message.as_view()),
    path("messages/<id:message_id>/comment", comments.Comment.as_view()),
    path("media", media.Media.as_view()),
    path("media/<id:media_id>", media.OneMedia.as_view()),
    path("media/content/<str:token>", media.Content.as_view()),
]
