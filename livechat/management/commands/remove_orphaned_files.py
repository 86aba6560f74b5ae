"""``manage.py remove_orphaned_files``: delete stored files that belong to no row."""

from typing import Any

from django.core.management.base import BaseCommand

from livechat.database.database_time import database_now
from livechat.services import attachments


class Command(BaseCommand):
    help = "Delete files that belong to no message, for example after a crash or a restored backup."

    def handle(self, *args: Any, **options: Any) -> None:
        removed = attachments.remove_orphans(database_now())
        self.stdout.write(f"Deleted files: {removed}")
