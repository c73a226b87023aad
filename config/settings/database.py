"""MongoDB and Redis."""

from config.settings.environment import text
from kernel.mongo.geography import look_for_none
from kernel.mongo.wire import wire_log

look_for_none()
MONGODB_URI = text("MONGODB_URI", "mongodb://127.0.0.1:8004/?replicaSet=rs0")
MONGODB_NAME = text("MONGODB_NAME", "switchboard")
REDIS_URL = text("REDIS_URL", "redis://127.0.0.1:8005/0")

DATABASES = {
    "default": {
        "ENGINE": "kernel.mongo.engine",
        "HOST": MONGODB_URI,
        "NAME": MONGODB_NAME,
        "OPTIONS": {
            "w": "majority",
            "readConcernLevel": "majority",
            "retryWrites": True,
            "retryReads": True,
            "serverSelectionTimeoutMS": 3000,
            "connectTimeoutMS": 2000,
            "socketTimeoutMS": 20000,
            "event_listeners": [wire_log],
        },
    }
}
DEFAULT_AUTO_FIELD = "kernel.mongo.fields.IdField"
# Contrib and third-party apps have their own migrations here, because theirs are written for SQL ids.
MIGRATION_MODULES = {
    label: f"kernel.mongo.migrations.{label}"
    for label in ("admin", "auth", "contenttypes", "account", "socialaccount", "mfa",
                  "usersessions", "sessions")
}  # fmt: skip
