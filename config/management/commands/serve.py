"""``manage.py serve``: the server, for development and production."""

import resource
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.checks import exposure
from config.demo import second_site_server
from config.monitoring import multiprocess_dir
from config.server.http_protocol import MORE_CONNECTIONS
from config.server.process import Server, configuration
from config.server.workers import Supervisor

OTHER_FILES = 500
"""Files that a process has open beside its connections: database, log, files being sent."""


class Command(BaseCommand):
    help = "Serve pages, sockets and static files, in one or more processes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers",
            type=int,
            default=settings.WORKERS,
            help="number of processes; more than one needs PostgreSQL and Redis",
        )
        parser.add_argument(
            "--second-site-port",
            type=int,
            help="port of the demo's second site; 0 to turn it off (default: the next port)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port, workers = options["host"], options["port"], options["workers"]
        if workers < 1:
            raise CommandError("--workers must be 1 or more.")
        if workers > 1 and not (connection.vendor == "postgresql" and settings.REDIS_URL):
            raise CommandError(
                "More than one process needs PostgreSQL and Redis. Set DATABASE_URL and"
                " REDIS_URL, or use --workers 1."
            )
        if refusals := exposure.refusals():
            lines = [f"  {one.msg} {one.hint} ({one.id})" for one in refusals]
            raise CommandError(
                "\n".join(["The server does not start because its settings are unsafe:", *lines])
            )
        _allow_files(settings.MAX_SOCKETS + MORE_CONNECTIONS + OTHER_FILES)
        site = self._second_site(host, port, options["second_site_port"])
        config = configuration(host, port, workers)
        if workers == 1:
            self.stdout.write(f"Listening on http://{host}:{port}")
            with site:
                Server(config).run()
            return
        listening = config.bind_socket()
        self.stdout.write(f"Listening on http://{host}:{port} with {workers} processes")
        with multiprocess_dir.new_directory(settings.VAR_DIR / "metrics"), site:
            if not Supervisor(config, [listening]).run_to_the_end():
                sys.exit(1)

    def _second_site(
        self, host: str, chat_port: int, port: int | None
    ) -> AbstractContextManager[None]:
        """Return the context in which the demo's second site is served, if it is wanted."""
        if not settings.DEMO and port:
            raise CommandError("The second site is part of the demo. Set DEMO=1.")
        if not settings.DEMO or port == 0:
            return nullcontext()
        port = chat_port + 1 if port is None else port
        return second_site_server.serving(host, port, chat_port=chat_port, tell=self.stdout.write)


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files to `wanted`, or to the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
