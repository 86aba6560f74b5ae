"""``manage.py load_demo``: a shop, its operators, admin and analyst. Safe to repeat."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import data


class Command(BaseCommand):
    help = "Load the demo and print its accounts. Needs DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=int,
            default=os.environ.get("PORT", "8000"),
            help="where the addresses printed point to",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo has accounts whose passwords lie in a file: set DEMO=1.")
        passwords = data.load()
        base = f"http://127.0.0.1:{options['port']}"
        self.stdout.write(
            f"\n  Shop (visitor)   {base}/demo/\n  Inbox (operator) {base}/dashboard/"
        )
        self.stdout.write(f"  Admin            {base}/admin/")
        self.stdout.write(f"  Another company  http://localhost:{options['port'] + 1}/\n")
        for person in data.PEOPLE:
            role = person.group.removeprefix("Live chat ")
            self.stdout.write(f"  {role:<9} {person.username:<8} {passwords[person.username]}")
        self.stdout.write(f"\n  (passwords are kept in {settings.VAR_DIR / data.ACCOUNTS_FILE})\n")
