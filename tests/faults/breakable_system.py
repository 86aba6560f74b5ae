"""The servers of a fault test, connected by a network that can be broken."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.faults import world
from tests.faults.foundation import foundations
from tests.faults.world import World
from tests.machine import network, redis
from tests.machine.app import App
from tests.machine.celery import Celery
from tests.machine.network import Link
from tests.machine.timeouts import wait_until


@dataclass
class LinkedWorld(World):
    """A world whose connections all go through links, except those of the tests themselves.

    Servers and jobs reach PostgreSQL and Redis through `to_postgres` and `to_redis`. Clients reach
    the servers through `links_to_servers`, in the order of `apps`.
    """

    links_to_servers: list[Link] = field(default_factory=list)
    to_postgres: Link = field(kw_only=True)
    to_redis: Link = field(kw_only=True)
    var: Path = field(kw_only=True)
    _jobs: list[Celery] = field(default_factory=list)
    _read_to: dict[Path, int] = field(default_factory=dict)

    @property
    def addresses(self) -> list[str]:
        return [f"ws://127.0.0.1:{link.port}" for link in self.links_to_servers]

    @property
    def links(self) -> list[Link]:
        return [*self.links_to_servers, self.to_postgres, self.to_redis]

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query, sent directly to PostgreSQL."""
        assert self.postgres is not None
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def entry_count(self) -> int:
        """Return the number of entries in the database."""
        [(count,)] = self.ask("SELECT count(*) FROM livechat_message")
        return int(count)

    def celery(self, *words: str, app: int = 0) -> Celery:
        """Start a worker or a beat in the environment of a server. It runs until `end_jobs`."""
        if not self._jobs:
            self.ask("DELETE FROM livechat_lease WHERE name = 'beat'")
        folder = self.var / f"job{len(list(self.var.iterdir()))}"
        folder.mkdir()
        child = Celery(self.apps[app], folder, *words)
        child.start()
        self._jobs.append(child)
        return child

    def end_jobs(self) -> None:
        for child in self._jobs:
            child.kill()
        self._jobs.clear()

    def jobs_run(self) -> None:
        """Return when a frequent job has started and finished."""
        [(now,)] = self.ask("SELECT clock_timestamp()")
        done = "SELECT 1 FROM livechat_job WHERE started_at > %s AND finished_at >= started_at"
        wait_until(lambda: self.ask(done, now), "a job")

    def ready(self) -> set[int]:
        """Return the statuses of all servers' ``/readyz``."""
        return {app.status("/readyz") for app in self.apps}

    def begin_anew(self) -> None:
        """Heal all links and delete visitors and conversations, for the next test."""
        for link in self.links:
            link.heal()
        self.ask("TRUNCATE livechat_visitor, livechat_conversation CASCADE")
        self.ask("UPDATE livechat_operator SET seen_at = NULL, active_at = NULL")
        self.complaints()

    def complaints(self) -> list[str]:
        """Return the new tracebacks in the servers' and jobs' logs since the last call."""
        found = []
        for log in self.var.rglob("*.log"):
            text = log.read_text(errors="replace")
            new, self._read_to[log] = text[self._read_to.get(log, 0) :], len(text)
            # Celery logs a lost broker with a traceback.
            new = "\n".join(line for line in new.splitlines() if '"event": "celery.' not in line)
            if "Traceback" in new:
                found.append(f"{log}:\n{new[max(0, new.index('Traceback') - 500) :][:5000]}")
        return found


@contextmanager
def services(
    var: Path,
    *,
    servers: int = 2,
    environ: Mapping[str, str] = world.FAST,
    own: Sequence[Mapping[str, str]] = (),
) -> Iterator[LinkedWorld]:
    """Yield `servers` servers on one PostgreSQL and one Redis, with links for every connection.

    `own` holds each server's additional environment.
    """
    with ExitStack() as stack:
        database, key, people = stack.enter_context(foundations.services())
        memory = stack.enter_context(redis.running())
        to_postgres = stack.enter_context(network.link(database.port))
        to_redis = stack.enter_context(network.link(memory.port))
        environ = {
            **environ,
            "DATABASE_URL": database.url.replace(f":{database.port}/", f":{to_postgres.port}/"),
            "REDIS_URL": memory.url.replace(f":{memory.port}/", f":{to_redis.port}/"),
            "SECRET_KEY": key,
        }
        apps = []
        for number in range(servers):
            folder = var / str(number)
            folder.mkdir()
            apps.append(App(folder, environ={**environ, **(own[number] if own else {})}))
        for app in apps:
            stack.callback(app.kill)
            app.start()
        linked = LinkedWorld(
            apps,
            **people,
            postgres=database,
            redis=memory,
            links_to_servers=[stack.enter_context(network.link(app.port)) for app in apps],
            to_postgres=to_postgres,
            to_redis=to_redis,
            var=var,
        )
        stack.callback(linked.end_jobs)
        yield linked
