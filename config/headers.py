"""What every answer tells the browser: run nothing but ours, frame us nowhere, keep nothing private.

The backoffice has no inline script, so it needs neither a nonce nor ``unsafe-inline``; Alpine, on
which unfold is built, evaluates its attributes and needs ``unsafe-eval``. Styles may stand inline.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

Policy = dict[str, str]
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_PAGE: Policy = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "media-src": "'self' blob:",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
_BACKOFFICE = _PAGE | {"script-src": "'self' 'unsafe-eval'"}
PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), "
    "payment=(), usb=()"
)


class SecurityHeaders:
    """The outermost middleware: what a view or Django has set already stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in _headers(request, response).items():
            response.setdefault(name, value)
        return response


def _headers(request: HttpRequest, response: HttpResponse) -> dict[str, str]:
    is_page = response.get("Content-Type", "").startswith("text/html")
    wanted = {
        "Content-Security-Policy": _policy(request.path) if is_page else NOTHING,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if not request.path.startswith(settings.STATIC_URL):
        wanted["Cache-Control"] = "no-store"
    if seconds := settings.SECURE_HSTS_SECONDS:
        # Also on what never reaches Django's own middleware, such as a refusal for want of a database.
        wanted["Strict-Transport-Security"] = f"max-age={seconds}; includeSubDomains; preload"
    return wanted


def _policy(path: str) -> str:
    policy = _BACKOFFICE if path.startswith("/admin") else _PAGE
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())
