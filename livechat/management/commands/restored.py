"""``manage.py restored``: mark this database as restored from a backup, so that browsers notice."""

from typing import Any

from django.core.management.base import BaseCommand

from livechat.services import installation

SHOWN = 10


class Command(BaseCommand):
    help = "Run once after restoring a backup, before the servers start. Browsers then"
    " discard their cached state and resend messages that were not acknowledged."

    def handle(self, *args: Any, **options: Any) -> None:
        found = installation.restored()
        newest = f"{found.newest:%Y-%m-%d %H:%M:%S} UTC" if found.newest else "never"
        self.stdout.write(f"Epoch: {found.epoch}")
        self.stdout.write(f"Conversations: {found.conversations}, last message: {newest}")
        self.stdout.write(f"Files: {found.files}, missing: {len(found.missing)}")
        for name in found.missing[:SHOWN]:
            self.stderr.write(f"missing: {name}")
        if len(found.missing) > SHOWN:
            self.stderr.write(f"missing: {len(found.missing) - SHOWN} more")
