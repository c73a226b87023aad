"""``manage.py backup FOLDER``: the database of one moment, the files, a manifest. No key is in it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kernel.backup.manifest import BadBackup
from kernel.backup.write import write_backup
from kernel.mongo.dumps import SnapshotLost


class Command(BaseCommand):
    help = (
        "Writes a backup into FOLDER while the product runs: every collection as of one moment, "
        "media, signed checkpoints, webhooks in the spool. Keep the key ring elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--history-s", type=int, default=6 * 3600,
            help="for how long MongoDB keeps the moment readable; longer than the backup takes",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = write_backup(options["folder"], history_s=options["history_s"],
                                    say=self.stdout.write)  # fmt: skip
        except (BadBackup, SnapshotLost) as error:
            raise CommandError(str(error)) from error
        keys = ", ".join(manifest.ring_keys)
        self.stdout.write(f"the database of cluster time {manifest.cluster_time}")
        self.stdout.write(f"it opens with these keys of the ring: {keys or 'none are needed'}")
