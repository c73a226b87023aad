"""An Instagram account as Meta's hosts tell of it, by both ways of signing in."""

from django.conf import settings

from channels.tests.facebook import Hosts

PAGE = "1089"
SCOPES = ["instagram_basic", "instagram_manage_messages", "instagram_manage_comments",
          "pages_manage_metadata", "pages_show_list", "pages_read_engagement"]  # fmt: skip
LIFE_S = 5183944


def our_app(given: object = None) -> dict[str, object]:
    """The listing of an account that our app is subscribed to."""
    return {"data": [{"id": settings.META_INSTAGRAM_APP_ID, "subscribed_fields": ["messages"]}]}


def by_instagram(hosts: Hosts, ig_id: str) -> None:
    """What Instagram Login's hosts say of an account that is in order."""
    me = {"id": "99", "user_id": ig_id, "username": "acme.shop", "account_type": "BUSINESS"}
    hosts.let("GET", "/ig/me", me)
    hosts.let("POST", f"/ig/{ig_id}/subscribed_apps", {"success": True})
    hosts.let("DELETE", f"/ig/{ig_id}/subscribed_apps", {"success": True})
    hosts.let("GET", f"/ig/{ig_id}/subscribed_apps", our_app)
    hosts.let("GET", f"/ig/{ig_id}/conversations", {"data": []})
    granted = {"access_token": "IGAAshort", "user_id": ig_id, "permissions":
               "instagram_business_basic,instagram_business_manage_messages"}  # fmt: skip
    hosts.let("POST", "/codes/oauth/access_token", {"data": [granted]})
    lasting = {"access_token": "IGAAlasting", "token_type": "bearer", "expires_in": LIFE_S}
    hosts.let("GET", "/ig/access_token", lasting)
    hosts.let("GET", "/ig/refresh_access_token", {**lasting, "access_token": "IGAArenewed"})


def by_page(hosts: Hosts, ig_id: str, page_id: str = PAGE) -> None:
    """What the Facebook host says of an account and of its Page."""
    account = {"id": ig_id, "username": "acme.shop", "name": "Acme"}
    page = {"id": page_id, "name": "Acme's Page", "instagram_business_account": account}
    hosts.let("GET", "/fb/oauth/access_token", {"access_token": "EAAperson"})
    hosts.let("GET", "/fb/me/accounts", {"data": [
        {**page, "access_token": "EAApage"}, {"id": "2", "name": "Bare", "access_token": "EAA2"}]})  # fmt: skip
    hosts.let("GET", f"/fb/{page_id}", page)
    hosts.let("POST", f"/fb/{page_id}/subscribed_apps", {"success": True})
    hosts.let("GET", f"/fb/{page_id}/subscribed_apps",
              {"data": [{"id": settings.META_APP_ID, "subscribed_fields": ["messages"]}]})  # fmt: skip
    hosts.let("GET", f"/fb/{page_id}/conversations", {"data": []})
    hosts.let("GET", "/fb/debug_token", {"data": {
        "app_id": settings.META_APP_ID, "is_valid": True, "expires_at": 0, "scopes": SCOPES}})  # fmt: skip
