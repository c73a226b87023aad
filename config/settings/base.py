"""Apps, middleware, templates, storage and the security headers."""

from config.settings.environment import ENV, PRODUCTION, ROOT, items, number, secret, text

DEBUG = False
SECRET_KEY = secret("SWITCHBOARD_SECRET_KEY", "development-only-" + "x" * 40)
# Sessions, links and checkpoints that an earlier key signed hold on while it stands here.
SECRET_KEY_FALLBACKS = items("SWITCHBOARD_SECRET_KEY_FALLBACKS")
KEY_PEPPER = secret("SWITCHBOARD_KEY_PEPPER", "development-only-" + "y" * 40)
# API keys say which of these they are for; a key of the other is refused by its form.
KEY_ENVIRONMENT = "live" if PRODUCTION else "test"
KEY_RING = text(
    "SWITCHBOARD_KEY_RING",
    None if PRODUCTION else "dev:" + "y0m3Qd7Jr1v+8mNq5l0Wb2sXo9Ti4uKhPzEGfAcVtR8=",
)
PUBLIC_URL = text("SWITCHBOARD_PUBLIC_URL", "http://127.0.0.1:8000")
EDGE_URL = text("SWITCHBOARD_EDGE_URL", "http://127.0.0.1:8001")
STREAM_URL = text("SWITCHBOARD_STREAM_URL", "http://127.0.0.1:8002")
SIMULATOR_URL = text("SWITCHBOARD_SIMULATOR_URL", "http://127.0.0.1:8003")
# Who scrapes /metrics from elsewhere sends it; without one only direct callers of the inside may.
METRICS_TOKEN = text("SWITCHBOARD_METRICS_TOKEN", "-").strip("-")
DATA = text("SWITCHBOARD_DATA", str(ROOT / ".data"))
ENVIRONMENT = ENV
ALLOWED_HOSTS = items(
    "SWITCHBOARD_ALLOWED_HOSTS", "" if PRODUCTION else "127.0.0.1,localhost,testserver"
)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # without its own site: ours is config.backoffice
    "config.apps.AdminConfig",
    "config.apps.AuthConfig",
    "config.apps.ContentTypesConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "allauth",
    "kernel.apps.KernelConfig",
    "accounts",
    "tenants",
    "channels",
    "crm",
    "conversations",
    "messaging",
    "webhooks",
    "archives",
    "config.apps.ProjectConfig",
]

MIDDLEWARE = [
    "config.headers.SecurityHeaders",
    "config.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.StaticFiles",
    "config.sign_in.SignInGate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "tenants.middleware.TenantMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = f"{DATA}/static"
MEDIA_ROOT = f"{DATA}/media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
APPEND_SLASH = False

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
# A browser takes a cookie of this name from this very host alone, over TLS, for all its paths.
_HOST = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST}sessionid", f"{_HOST}csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no third cookie
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("http") else []
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
# On the data's disk: in a container /tmp is memory. ProjectConfig makes the folder.
FILE_UPLOAD_TEMP_DIR = f"{DATA}/uploads"
if PRODUCTION:
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = number("SWITCHBOARD_PROXIES", 0)
