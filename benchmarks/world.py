"""PostgreSQL and Redis on the other core, and the start of each server under test."""

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from redis import Redis

from benchmarks.compared_servers import Place
from benchmarks.servers import OTHER_CORE, Server, on, run, serving
from tests.machine import postgres, redis

ECHO = (
    *("-m", "uvicorn", "benchmarks.echo:application", "--port", "{port}", "--loop", "uvloop"),
    *("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--lifespan", "off"),
    *("--log-level", "warning", "--ws-ping-interval", "30", "--ws-ping-timeout", "30"),
)
NAIVE = (
    "-m",
    "daphne",
    "-v",
    "0",
    "-b",
    "127.0.0.1",
    "-p",
    "{port}",
    "benchmarks.naive.asgi:application",
)
VIEW = (
    *("-m", "uvicorn", "benchmarks.naive.asgi:application", "--port", "{port}"),
    *("--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--log-level", "warning"),
    "--no-access-log",
)
PRODUCT = ("manage.py", "serve", "--port", "{port}")


@dataclass
class World:
    """Migrated databases, and how to start a server on them."""

    folder: Path
    product: dict[str, str]
    naive: dict[str, str]
    machine: str
    """A description of the machine and the versions."""

    def seed(self, conversations: int) -> list[Place]:
        """Create conversations, and return how to enter them."""
        return json.loads(run(["-m", "benchmarks.seed", str(conversations)], self.product))  # type: ignore[no-any-return]

    def serving(
        self, name: str, entry: Sequence[str] | None = None, more: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Server]:
        """Return a context manager that runs the server of the design `name`.

        `entry` replaces the arguments of Python; `more` is added to the environment.
        """
        words, environ = {
            "bare echo": (ECHO, {}),
            "naive": (NAIVE, self.naive),
            "asynchronous view": (VIEW, self.naive),
            "Livechat": (PRODUCT, self.product),
        }[name]
        return serving(entry or words, environ | dict(more or {}), self.folder / "server.log")


@contextmanager
def world() -> Iterator[World]:
    """Yield a new PostgreSQL (with fsync) and Redis, with migrated, empty databases."""
    with (
        TemporaryDirectory(prefix="livechat-bench-") as name,
        on(OTHER_CORE),
        postgres.running(fsync=True) as database,
        redis.running() as memory,
    ):
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE naive")
            versions: dict[str, object] = {"PostgreSQL": connection.info.server_version // 10_000}
        common = {"SECRET_KEY": "only for benchmarks", "VAR_DIR": name}
        product = common | {
            "DATABASE_URL": database.url,
            "REDIS_URL": memory.url,
            # No rate limits: the server must be the bottleneck.
            "FRAMES_PER_SECOND": "100000",
            "MESSAGES_PER_SECOND": "100000",
            "PEOPLE_PER_ADDRESS": "10000000",
        }
        naive = common | {
            "DATABASE_URL": database.url.rpartition("/")[0] + "/naive",
            "REDIS_URL": memory.url.rpartition("/")[0] + "/1",
            "DJANGO_SETTINGS_MODULE": "benchmarks.naive.settings",
        }
        run(["manage.py", "migrate", "--verbosity", "0"], product)
        run(["-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"], naive)
        with Redis.from_url(memory.url) as asked:
            versions["Redis"] = asked.info()["redis_version"].partition(".")[0]
        yield World(Path(name), product, naive, _machine(versions))


def _machine(versions: Mapping[str, object]) -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = (
        cpu[1] if cpu else platform.machine(),
        f"{os.cpu_count()} cores, {memory:.0f} GiB",
        *(f"{name} {version}" for name, version in versions.items()),
        f"Python {platform.python_version()}",
    )
    return ", ".join(parts)
