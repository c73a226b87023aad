"""Sign-up, login and sessions: allauth, headless."""

import hashlib
from urllib.parse import urlsplit

from config.settings.base import DATA, PUBLIC_URL, SECRET_KEY, TRUSTED_PROXIES
from config.settings.environment import PRODUCTION, choice, number, switch, text

ALLAUTH_DEFAULT_AUTO_FIELD = "kernel.mongo.fields.IdField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
     "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip
SESSION_ENGINE = "accounts.sessions"
# What allauth keeps in a cache are counts of tries and used codes: nothing that may be forgotten.
CACHES = {"default": {"BACKEND": "accounts.counters.MarkCache"}}

# Who may make an account, and whether its address must be proven.
SIGN_UP = choice("SWITCHBOARD_SIGN_UP", "open", ("open", "invitation", "closed"))
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = choice(
    "SWITCHBOARD_EMAIL_VERIFICATION",
    "mandatory" if PRODUCTION else "none",
    ("mandatory", "optional", "none"),
)
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_EMAIL_VERIFICATION == "mandatory"
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Codes live ten minutes, as mail may take some; three tries each.
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# How recently a person has proven themselves who changes factors, or what `fresh` operations change.
ACCOUNT_REAUTHENTICATION_TIMEOUT = number("SWITCHBOARD_REAUTHENTICATION_S", 300)
# Tries for an address of the network and for an account; the key of a failed login knows devices.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "request_login_code": "20/m/ip,3/m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "signup": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
# Seconds before which nobody learns what a sign-up, a code or a reset was answered with.
SIGN_IN_FLOOR_S = 0.5 if PRODUCTION else 0.0
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app", "browser")
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.TokenStrategy"
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_PRIVATE_KEY = hashlib.sha256(f"jwt|{SECRET_KEY}".encode()).hexdigest()
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 14 * 86_400
# Each request asks whether the session is still there: what has ended is refused at once.
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_SERVE_SPECIFICATION = True  # by our own view, which reads it once
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None
# Where mails and providers send people to; the pages behind it talk to /_allauth/.
FRONTEND_URL = text("SWITCHBOARD_FRONTEND_URL", PUBLIC_URL)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{FRONTEND_URL}/account/verify-email/{{key}}",
    "account_reset_password": f"{FRONTEND_URL}/account/password/reset",
    "account_reset_password_from_key": f"{FRONTEND_URL}/account/password/reset/{{key}}",
    "account_signup": f"{FRONTEND_URL}/account/signup",
    "socialaccount_login_error": f"{FRONTEND_URL}/account/provider/error",
}

USERSESSIONS_ADAPTER = "accounts.user_sessions.UserSessionsAdapter"
MFA_ADAPTER = "accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Switchboard"
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Passkeys belong to a site: the host of the front-end, or a domain above it.
PASSKEY_DOMAIN = text("SWITCHBOARD_PASSKEY_DOMAIN", urlsplit(FRONTEND_URL).hostname or "localhost")
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Without a second factor nobody enters the backoffice; a development copy may do without.
STAFF_SECOND_FACTOR = switch("SWITCHBOARD_STAFF_SECOND_FACTOR", PRODUCTION)
STAFF_SESSION_S, STAFF_IDLE_S = 12 * 3600, 2 * 3600
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

SOCIALACCOUNT_ADAPTER = "accounts.providers.ProviderAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {}
if google_id := text("SWITCHBOARD_GOOGLE_CLIENT_ID", "-").strip("-"):
    SOCIALACCOUNT_PROVIDERS["google"] = {
        "APPS": [{"client_id": google_id, "secret": text("SWITCHBOARD_GOOGLE_CLIENT_SECRET")}],
        "SCOPE": ["openid", "profile", "email"],
        "OAUTH_PKCE_ENABLED": True,
        # Google says of each address whether it has verified it; only then it finds an account.
        "EMAIL_AUTHENTICATION": True,
    }
if oidc_id := text("SWITCHBOARD_OIDC_CLIENT_ID", "-").strip("-"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [{
            "provider_id": "oidc",
            "name": text("SWITCHBOARD_OIDC_NAME", "Single sign-on"),
            "client_id": oidc_id,
            "secret": text("SWITCHBOARD_OIDC_CLIENT_SECRET"),
            "settings": {
                "server_url": text("SWITCHBOARD_OIDC_URL"),
                # Off unless the operator says that the provider verifies addresses.
                "email_authentication": switch("SWITCHBOARD_OIDC_TRUST_EMAIL", False),
            },
        }],
    }  # fmt: skip

EMAIL_BACKEND = text(
    "SWITCHBOARD_EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend" if PRODUCTION
    else "django.core.mail.backends.filebased.EmailBackend",
)  # fmt: skip
EMAIL_FILE_PATH = f"{DATA}/mail"  # of the latter
DEFAULT_FROM_EMAIL = text("SWITCHBOARD_FROM_EMAIL", "Switchboard <no-reply@localhost>")
EMAIL_HOST = text("SWITCHBOARD_EMAIL_HOST", "localhost")
EMAIL_PORT = number("SWITCHBOARD_EMAIL_PORT", 587 if PRODUCTION else 25)
EMAIL_HOST_USER = text("SWITCHBOARD_EMAIL_USER", "-").strip("-")
EMAIL_HOST_PASSWORD = text("SWITCHBOARD_EMAIL_PASSWORD", "-").strip("-")
EMAIL_USE_TLS = PRODUCTION
EMAIL_TIMEOUT = 10
