"""The verify token of a channel's own webhook address; the edge reads this without Django."""

import hmac


def verify_token_of(channel_id: str, platform_token: str) -> str:
    """Return the token that Meta's handshake must name at the channel's address.

    Derived from the installation's own, which a tenant who brings a Meta app never learns.
    """
    return hmac.digest(platform_token.encode(), f"channel:{channel_id}".encode(), "sha256").hex()
