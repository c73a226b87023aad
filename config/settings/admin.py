"""The backoffice's look."""

UNFOLD = {
    "SITE_TITLE": "Switchboard backoffice",
    "SITE_HEADER": "Switchboard",
    "SITE_SUBHEADER": "backoffice",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "config.backoffice.navigation.environment",
    "STYLES": ["config.backoffice.navigation.stylesheet"],
    "SIDEBAR": {"navigation": "config.backoffice.navigation.navigation"},
    # A link of its own, because without one unfold offers to change the password here.
    "ACCOUNT": {"navigation": "config.backoffice.navigation.account"},
    # Without models: unfold keeps results by person and words, not by tenant.
    "COMMAND": {"search_models": False, "show_history": False},
    "COLORS": {"primary": {
        "50": "240 253 250", "100": "204 251 241", "200": "153 246 228", "300": "94 234 212",
        "400": "45 212 191", "500": "20 184 166", "600": "13 148 136", "700": "15 118 110",
        "800": "17 94 89", "900": "19 78 74", "950": "4 47 46"}},
}  # fmt: skip
