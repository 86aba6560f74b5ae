"""``manage.py runserver``: Daphne's, without the header that names it."""

from typing import Any

from daphne.management.commands import runserver
from daphne.server import Server


class UnnamedServer(Server):
    """Daphne without its name in the header ``Server``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, server_name="", **kwargs)


class Command(runserver.Command):
    server_cls = UnnamedServer
