"""Addresses of the Archive agent, under ``/api/v1/``."""

from django.urls import path

from archives.api import personal, views

urlpatterns = [
    path("tenant/exports", views.Exports.as_view()),
    path("tenant/exports/<id:export_id>", views.OneExport.as_view()),
    path("exports/content/<str:token>", views.Content.as_view()),
    path("tenant/retention-runs", views.RetentionRuns.as_view()),
    path("tenant/erase", views.EraseTenant.as_view()),
    path("contacts/<id:contact_id>/export", views.ContactExport.as_view()),
    path("contacts/<id:contact_id>/erase", views.ContactErase.as_view()),
    path("contact-erasures", views.ContactErasures.as_view()),
    path("contact-erasures/<id:contact_erasure_id>", views.OneContactErasure.as_view()),
    path("tenants/imports", personal.Imports.as_view()),
    path("tenants/imports/<id:import_id>", personal.OneImport.as_view()),
    path("erasures/<id:erasure_id>", personal.OneErasure.as_view()),
    path("erasures/<id:erasure_id>/cancel", personal.CancelErasure.as_view()),
]
