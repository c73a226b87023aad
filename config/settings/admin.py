"""The backoffice's look."""

UNFOLD = {
    "SITE_TITLE": "Switchboard backoffice",
    "SITE_HEADER": "Switchboard",
    "SITE_SYMBOL": "hub",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {"primary": {
        "50": "240 253 250", "100": "204 251 241", "200": "153 246 228", "300": "94 234 212",
        "400": "45 212 191", "500": "20 184 166", "600": "13 148 136", "700": "15 118 110",
        "800": "17 94 89", "900": "19 78 74", "950": "4 47 46"}},
}  # fmt: skip
