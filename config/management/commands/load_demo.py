"""``manage.py load_demo``: a shop, its operators, admin and analyst. Safe to repeat."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo import data
from livechat.domain import rights

ACCOUNT_RIGHTS = {
    rights.OPERATORS: "answer visitors",
    rights.MANAGERS: "do everything",
    rights.ANALYSTS: "read past conversations",
}


class Command(BaseCommand):
    help = "Load the demo and print its accounts. Needs DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=int,
            default=os.environ.get("PORT", "8000"),
            help="the port in the printed addresses",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demo stores passwords of accounts in a file. To allow this, set DEMO=1."
            )
        passwords = data.load()
        here, beside = (f"http://{host}" for host in _hosts(options["port"]))
        lines = [
            "",
            "  Livechat with a demo shop. Start here:",
            "",
            f"    {here + '/':<34}links to all pages",
            f"    {here + '/demo/':<34}the shop: chat as a visitor",
            f"    {here + '/dashboard/':<34}the inbox: answer as an operator",
            f"    {here + '/admin/':<34}the Admin: channels, people, settings",
            f"    {beside + '/':<34}another company's website, with the same chat",
            "",
            f"    {'account':<10}{'password':<20}can",
            *(
                f"    {person.username:<10}{passwords[person.username]:<20}"
                f"{ACCOUNT_RIGHTS[person.group]}"
                for person in data.PEOPLE
            ),
            "",
            f"  The passwords were generated on this machine. They are stored in"
            f" {settings.VAR_DIR / data.ACCOUNTS_FILE}.",
            "  Press Ctrl+C to stop the server.",
            "",
        ]
        self.stdout.write("\n".join(lines))


def _hosts(port: int) -> tuple[str, str]:
    """Return where the chat is, and where the second site of the demo is."""
    return f"127.0.0.1:{port}", f"localhost:{port + 1}"
