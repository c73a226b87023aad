"""DRF, the OpenAPI schema and how often one may ask."""

from config.settings.environment import number

# Requests a second, with a burst of ten seconds' worth: of one tenant, of one key or person in it,
# of one person in all their tenants, of one address from which somebody is known to come, and of
# one address that nobody vouches for.
RATE_TENANT = number("SWITCHBOARD_RATE_TENANT", 1000)
RATE_PRINCIPAL = number("SWITCHBOARD_RATE_PRINCIPAL", 500)
RATE_USER = number("SWITCHBOARD_RATE_USER", 500)
RATE_KNOWN_ADDRESS = number("SWITCHBOARD_RATE_KNOWN_ADDRESS", 1000)
RATE_ADDRESS = number("SWITCHBOARD_RATE_ADDRESS", 50)
# Of these, what one key or person may do of a class of operations: what changes something, and what
# costs a mail, a call to a provider or a long file.
RATE_CHANGES = number("SWITCHBOARD_RATE_CHANGES", 200)
RATE_COSTLY = number("SWITCHBOARD_RATE_COSTLY", 5)
# Without Redis each web process gives out its part of the rates.
WEB_PROCESSES = number("SWITCHBOARD_WEB_PROCESSES", 2)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.api.authentication.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.Schema",
    "EXCEPTION_HANDLER": "config.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter where an operation has one, and unknown elsewhere
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Switchboard",
    "DESCRIPTION": "WhatsApp and Instagram conversations of many tenants, over one API.\n\n"
    "People sign in at `/_allauth/`, whose own OpenAPI document is `/_allauth/openapi.json`; "
    "machines send an API key.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "config.api.elsewhere.describe_stream",
        "config.api.schema.add_problem_responses",
    ],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string", "pattern": "^[0-9a-f]{24}$"}},
    "SORT_OPERATIONS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
