"""Where sign-in providers send people back to, and nothing else of allauth's pages.

Sign-in begins at ``/_allauth/``. allauth's own addresses that begin it, and the one that takes a
token from a page of Google's, are left out: they are ways in that no limit of ours was made for.
"""

from allauth.socialaccount.providers.google.views import oauth2_callback as google
from allauth.socialaccount.providers.openid_connect.views import callback as openid_connect
from django.urls import path

# The names are those that allauth looks up.
urlpatterns = [
    path("google/login/callback/", google, name="google_callback"),
    path("oidc/<str:provider_id>/login/callback/", openid_connect, name="openid_connect_callback"),
]
