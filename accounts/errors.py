"""What signing in refuses, where the answer is ours and not allauth's."""

from kernel.errors import Conflict, RateLimited, Unauthenticated, Unavailable


class TurnTaken(RateLimited):
    code = "turn_taken"
    title = "Another request of this session is being answered"


class MailAway(Unavailable):
    code = "mail_unavailable"
    title = "No mail can be sent now, and this needs one"


class ProofRequired(Unauthenticated):
    """``flows``, ``reauthenticate_at`` and ``max_age_s`` tell how to prove it, and how recently."""

    code = "reauthentication_required"
    title = "Prove again that it is you, at /_allauth/, then repeat this"


class StaffAccount(Conflict):
    code = "staff_account"
    title = "The account of somebody who runs this installation is closed by an operator"
