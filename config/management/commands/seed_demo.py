"""``manage.py seed_demo --out demo.json``: the demo's tenants, people, channels and first conversations."""

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import greet, seed


class Command(BaseCommand):
    help = "Makes the demo's tenants, people, keys and channels; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", required=True, help="where to write demo.json")
        parser.add_argument("--no-history", action="store_true", help="no first conversations")

    def handle(self, *args: Any, **options: Any) -> None:
        name = os.environ.get("SWITCHBOARD_SIMULATOR_CONFIG")
        if not name:
            raise CommandError(
                "SWITCHBOARD_SIMULATOR_CONFIG must name the simulator's configuration"
            )
        seeded = seed(Path(options["out"]), json.loads(Path(name).read_text()))
        if seeded.first_time and not options["no_history"]:
            greet(seeded.document)
        self.stdout.write(f"{len(seeded.document['tenants'])} tenants are ready")
