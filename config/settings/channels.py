"""Meta's app and where its APIs answer."""

from config.settings.base import DATA
from config.settings.environment import PRODUCTION, number, text

META_APP_ID = text("META_APP_ID", None if PRODUCTION else "1000000001")
META_APP_SECRET = text("META_APP_SECRET", None if PRODUCTION else "development-app-secret")
META_VERIFY_TOKEN = text("META_VERIFY_TOKEN", None if PRODUCTION else "development-verify-token")
META_GRAPH_URL = text("META_GRAPH_URL", "https://graph.facebook.com")
META_GRAPH_VERSION = text("META_GRAPH_VERSION", "v25.0")
SPOOL = text("SWITCHBOARD_SPOOL", f"{DATA}/spool")
# Seconds to wait for a status that tells what became of an ambiguous send.
UNKNOWN_AFTER_S = number("SWITCHBOARD_UNKNOWN_AFTER_S", 120)
MEDIA_MAX_BYTES = 100_000_000
MEDIA_LINK_S = 3600
# A customer takes one message each six seconds from a number, and a burst of 45 on credit.
PAIR_BURST = number("SWITCHBOARD_PAIR_BURST", 45)
