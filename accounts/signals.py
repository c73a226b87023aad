"""What happens to people beside allauth's own signals. Sent with ``user`` and ``request`` (or None)."""

from django.dispatch import Signal

token_reused = Signal()
person_disabled = Signal()
person_enabled = Signal()
factors_removed = Signal()
sessions_ended = Signal()  # with ``count``: one's own, or all of them by an operator
staff_granted = Signal()
# Whoever the address belongs to has come, and what strangers had set up for it has ended.
account_reclaimed = Signal()
