"""``manage.py database_user``: the login of the product's processes at MongoDB, made or brought up to date."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pymongo.errors import OperationFailure, PyMongoError

from kernel.mongo.users import let_in

PASSWORD = "MONGODB_PASSWORD"


class Command(BaseCommand):
    help = (
        f"Gives a MongoDB user the rights that the product needs and the password in {PASSWORD}. Run it "
        "with a MONGODB_URI that may make users; give the product's processes this user."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the user, for example switchboard")

    def handle(self, *args: Any, **options: Any) -> None:
        # From the environment, because arguments stand in the process table.
        password = os.environ.get(PASSWORD, "")
        if not password:
            raise CommandError(f"{PASSWORD} is not set: it is the password that the user gets.")
        name = options["name"]
        try:
            is_new = let_in(name, password)
        except OperationFailure as error:
            raise CommandError(f"MongoDB refused: {error.details and error.details.get('errmsg')}. "
                               "MONGODB_URI must be of a user who may make users.") from error  # fmt: skip
        except PyMongoError as error:
            raise CommandError(f"MongoDB cannot be reached: {error}") from error
        self.stdout.write(f"{name} {'was made' if is_new else 'is up to date'}")
