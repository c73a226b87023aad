"""What signing in refuses, where the answer is ours and not allauth's."""

from kernel.errors import RateLimited, Unavailable


class TurnTaken(RateLimited):
    code = "turn_taken"
    title = "Another request of this session is being answered"


class MailAway(Unavailable):
    code = "mail_unavailable"
    title = "No mail can be sent now, and this needs one"
