"""Sign-up, login and sessions: allauth, headless."""

from config.settings.base import PUBLIC_URL, TRUSTED_PROXIES
from config.settings.environment import PRODUCTION, number, text

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
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = text(
    "SWITCHBOARD_EMAIL_VERIFICATION", "mandatory" if PRODUCTION else "none"
)
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = ACCOUNT_EMAIL_VERIFICATION == "mandatory"
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app", "browser")
# Where mails point people to; the pages behind it talk to /_allauth/.
FRONTEND_URL = text("SWITCHBOARD_FRONTEND_URL", PUBLIC_URL)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{FRONTEND_URL}/account/verify-email/{{key}}",
    "account_reset_password": f"{FRONTEND_URL}/account/password/reset",
    "account_reset_password_from_key": f"{FRONTEND_URL}/account/password/reset/{{key}}",
    "account_signup": f"{FRONTEND_URL}/account/signup",
}
HEADLESS_SERVE_SPECIFICATION = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
EMAIL_BACKEND = text(
    "SWITCHBOARD_EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend" if PRODUCTION
    else "django.core.mail.backends.console.EmailBackend",
)  # fmt: skip
DEFAULT_FROM_EMAIL = text("SWITCHBOARD_FROM_EMAIL", "Switchboard <no-reply@localhost>")
EMAIL_HOST = text("SWITCHBOARD_EMAIL_HOST", "localhost")
EMAIL_PORT = number("SWITCHBOARD_EMAIL_PORT", 587 if PRODUCTION else 25)
EMAIL_HOST_USER = text("SWITCHBOARD_EMAIL_USER", "-").strip("-")
EMAIL_HOST_PASSWORD = text("SWITCHBOARD_EMAIL_PASSWORD", "-").strip("-")
EMAIL_USE_TLS = PRODUCTION
EMAIL_TIMEOUT = 10
