"""``manage.py restore FOLDER``: a backup into an empty database, verified."""

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels.models import Channel
from channels.selectors import list_channels
from channels.services.connect import pause_channel
from kernel.backup.manifest import BadBackup
from kernel.backup.read import read_backup
from kernel.scoping import tenant_scope
from kernel.vault import is_ring_right
from tenants.access import acting_as_system
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Restores FOLDER into the empty database that the environment names, builds every index, "
        "verifies the audit log, and pauses the channels: what was sent after the backup would be "
        "sent again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--go-on-sending", action="store_true",
            help="do not pause the channels: the backup is of the last moment before the loss",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = read_backup(options["folder"], say=self.stdout.write)
        except BadBackup as error:
            raise CommandError(str(error)) from error
        if not is_ring_right():
            self.stderr.write("the key ring does not open what is sealed: a key has another's name")
        if not options["go_on_sending"]:
            self.stdout.write(f"{_pause_all()} channels are paused; resume each when it may send")
        call_command("verify_audit", stdout=self.stdout, stderr=self.stderr)
        self.stdout.write(f"restored the database of cluster time {manifest.cluster_time}; run "
                          "`manage.py migrate` if this version is newer")  # fmt: skip


def _pause_all() -> int:
    count = 0
    for tenant in Tenant.objects.order_by("slug"):
        with tenant_scope(tenant), acting_as_system():
            sending = [c for c in list_channels() if c.status in (Channel.ACTIVE, Channel.DEGRADED)]
            for channel in sending:
                pause_channel(channel_id=channel.pk)
            count += len(sending)
    return count
