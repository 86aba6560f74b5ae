"""``manage.py serve``: the server, for trying and for production."""

import asyncio
import contextlib
import resource
import sys
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.checks import exposure
from config.demo import data, neighbour
from config.monitoring import multiprocess_dir
from config.server.http_protocol import MORE_CONNECTIONS
from config.server.process import Companion, Server, configuration
from config.server.workers import Supervisor

OTHER_FILES = 500
"""Files a process has open beside its connections: the database's, the log, what is sent."""


class Command(BaseCommand):
    help = "Serve pages, sockets and static files, in one process or in several."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers",
            type=int,
            default=settings.WORKERS,
            help="processes behind the one port; more than one needs PostgreSQL and Redis",
        )
        parser.add_argument(
            "--neighbour-port",
            type=int,
            help="where the demo's second site is served; 0 for nowhere (default: the next port)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, port, workers = options["host"], options["port"], options["workers"]
        if workers < 1:
            raise CommandError("--workers is a number of processes: 1 or more.")
        if workers > 1 and not (connection.vendor == "postgresql" and settings.REDIS_URL):
            raise CommandError(
                "More than one process needs PostgreSQL and Redis: set DATABASE_URL and"
                " REDIS_URL, or serve with --workers 1."
            )
        if refusals := exposure.refusals(workers):
            told = [f"  {one.msg} {one.hint} ({one.id})" for one in refusals]
            raise CommandError("\n".join(["This is not safe to serve.", *told]))
        _allow_files(settings.MAX_SOCKETS + MORE_CONNECTIONS + OTHER_FILES)
        companion = self._companion(host, port, options["neighbour_port"])
        config = configuration(host, port, workers)
        if workers == 1:
            self.stdout.write(f"Listening on http://{host}:{port}")
            Server(config, companion).run()
            return
        listening = config.bind_socket()
        self.stdout.write(f"Listening on http://{host}:{port} with {workers} processes")
        with multiprocess_dir.folder(settings.VAR_DIR / "metrics"), _beside(companion):
            if not Supervisor(config, [listening]).run_to_the_end():
                sys.exit(1)

    def _companion(self, host: str, port: int, beside: int | None) -> Companion | None:
        """Return the server of the demo's second site; None where it is not wanted."""
        if not settings.DEMO:
            if beside:
                raise CommandError("The second site belongs to the demo: set DEMO=1.")
            return None
        if beside == 0:
            return None
        config = uvicorn.Config(
            neighbour.Neighbour(chat=f"http://127.0.0.1:{port}", key=data.CHANNEL_KEY),
            host=host,
            port=port + 1 if beside is None else beside,
            http="h11",
            ws="none",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=2,
        )
        return Companion(config, self.stdout.write)


@contextlib.contextmanager
def _beside(companion: Companion | None) -> Iterator[None]:
    """Serve the demo's second site from this process, which does nothing but watch the workers."""
    if companion is None:
        yield
        return
    companion.listen()
    thread = threading.Thread(target=asyncio.run, args=(companion.run_beside(),))
    thread.start()
    try:
        yield
    finally:
        companion.should_exit = True
        thread.join()


def _allow_files(wanted: int) -> None:
    """Let this process open so many files, as far as it may decide that itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
