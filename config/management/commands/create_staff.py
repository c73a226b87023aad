"""``manage.py create_staff``: a person who may enter the backoffice, with a verified address."""

import getpass
import os
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.services import make_staff


class Command(BaseCommand):
    help = "Makes (or raises) a member of staff; the password comes from STAFF_PASSWORD or is asked for."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--all-tenants", action="store_true", help="may enter every tenant")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        password = os.environ.get("STAFF_PASSWORD") or getpass.getpass("Password: ")
        if len(password) < 10:
            raise CommandError("the password needs at least 10 characters")
        user = User.objects.filter(email=email).first() or User(email=email)
        user.name = options["name"] or user.name
        user.set_password(password)
        make_staff(user, all_tenants=options["all_tenants"])
        EmailAddress.objects.update_or_create(
            user=user, email=email, defaults={"verified": True, "primary": True}
        )
        self.stdout.write(f"{email} may enter the backoffice")
