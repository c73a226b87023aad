"""``manage.py person``: what an operator does to an account, beside what its owner can."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.models import User

STEPS = {
    "disable": (services.disable_person, "cannot sign in, and all sessions have ended"),
    "enable": (services.enable_person, "may sign in again"),
    "end-sessions": (services.end_all_sessions, "has no session left"),
    "remove-factors": (services.remove_factors, "has no second factor and no session left"),
}


class Command(BaseCommand):
    help = "Disables or enables an account, ends its sessions, or takes lost second factors away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=sorted(STEPS))
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("no account has this address")
        step, outcome = STEPS[options["step"]]
        step(user)
        self.stdout.write(f"{user.email} {outcome}")
