"""Meta's app and where its APIs answer."""

from config.settings.auth import FRONTEND_URL
from config.settings.base import DATA
from config.settings.environment import PRODUCTION, number, text

META_APP_ID = text("META_APP_ID", None if PRODUCTION else "1000000001")
META_APP_SECRET = text("META_APP_SECRET", None if PRODUCTION else "development-app-secret")
META_VERIFY_TOKEN = text("META_VERIFY_TOKEN", None if PRODUCTION else "development-verify-token")
META_GRAPH_URL = text("META_GRAPH_URL", "https://graph.facebook.com")
META_GRAPH_VERSION = text("META_GRAPH_VERSION", "v25.0")
# Instagram Login is an app of its own within the Meta app; Facebook Login uses the Meta app itself.
META_INSTAGRAM_APP_ID = text("META_INSTAGRAM_APP_ID", "-" if PRODUCTION else "1000000002").strip(
    "-"
)
META_INSTAGRAM_APP_SECRET = text(
    "META_INSTAGRAM_APP_SECRET", "-" if PRODUCTION else "development-instagram-secret"
).strip("-")
META_INSTAGRAM_URL = text("META_INSTAGRAM_URL", "https://graph.instagram.com")
META_INSTAGRAM_VERSION = text("META_INSTAGRAM_VERSION", "v25.0")
META_INSTAGRAM_CODES_URL = text("META_INSTAGRAM_CODES_URL", "https://api.instagram.com")
# Where owners consent, and where they come back to with a code.
META_LOGIN_URL = text("META_LOGIN_URL", "https://www.facebook.com")
META_INSTAGRAM_LOGIN_URL = text("META_INSTAGRAM_LOGIN_URL", "https://www.instagram.com")
META_REDIRECT_URL = text("META_REDIRECT_URL", f"{FRONTEND_URL}/channels/connected")
SPOOL = text("SWITCHBOARD_SPOOL", f"{DATA}/spool")
# Seconds to wait for a status that tells what became of an ambiguous send.
UNKNOWN_AFTER_S = number("SWITCHBOARD_UNKNOWN_AFTER_S", 120)
MEDIA_MAX_BYTES = 100_000_000
MEDIA_LINK_S = 3600
# A customer takes one message each six seconds from a number, and a burst of 45 on credit.
PAIR_BURST = number("SWITCHBOARD_PAIR_BURST", 45)
