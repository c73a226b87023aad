"""Addresses of contacts, under ``/api/v1/``."""

from django.urls import path

from crm.api import views

urlpatterns = [
    path("contacts", views.Contacts.as_view()),
    path("contacts/<id:contact_id>", views.Contact.as_view()),
]
