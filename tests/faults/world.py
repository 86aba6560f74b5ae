"""The servers of one fault test, and the rows of their database."""

import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from tests.faults.checker import Chat, Entry
from tests.faults.foundation import foundations, people
from tests.machine import postgres, redis
from tests.machine.app import ROOT, App
from tests.machine.postgres import Postgres
from tests.machine.redis import Redis
from tests.machine.server_folders import DATABASE

CHATS = """
    SELECT c.public_id, v.public_id, c.seq, c.public_seq, c.revision, c.state
    FROM livechat_conversation c JOIN livechat_visitor v ON v.id = c.visitor_id ORDER BY c.id
"""
PRESENT = """
    SELECT c.public_id, o.public_id
    FROM livechat_participant p
    JOIN livechat_conversation c ON c.id = p.conversation_id
    JOIN livechat_operator o ON o.id = p.operator_id
    WHERE p.left_at IS NULL
"""
ENTRIES = """
    SELECT c.public_id, m.seq, m.public_seq, m.public_id, m.kind, m.text,
           CASE WHEN p.role = 'visitor' THEN v.public_id ELSE o.public_id END, m.client_id
    FROM livechat_message m
    JOIN livechat_conversation c ON c.id = m.conversation_id
    JOIN livechat_visitor v ON v.id = c.visitor_id
    LEFT JOIN livechat_participant p ON p.id = m.author_id
    LEFT JOIN livechat_operator o ON o.id = p.operator_id
"""


@dataclass
class World:
    """`apps` serve one installation; `sessions` are its operators' login session cookies."""

    apps: list[App]
    channel: str
    sessions: list[str]
    postgres: Postgres | None = None
    redis: Redis | None = None
    sqlite: Path = field(default_factory=Path)
    proxy: str = ""
    """The common address of all servers, if a proxy is in front of them."""
    connecting: dict[str, Any] = field(default_factory=dict)
    """Options of the `websockets` package for a connection, if the address is not enough."""

    @property
    def addresses(self) -> list[str]:
        return [self.proxy] if self.proxy else [app.socket_url for app in self.apps]

    def rows(self) -> tuple[list[Chat], list[Entry]]:
        """Return conversations and entries as stored, read without the servers."""
        chats, people, entries = self._read(CHATS, PRESENT, ENTRIES)
        present: defaultdict[str, set[str]] = defaultdict(set)
        for conversation, operator in people:
            present[_dashed(conversation)].add(_hex(operator))
        return (
            [
                Chat(
                    id=_dashed(row[0]),
                    visitor=_hex(row[1]),
                    seq=row[2],
                    public_seq=row[3],
                    revision=row[4],
                    state=row[5],
                    present=frozenset(present[_dashed(row[0])]),
                )
                for row in chats
            ],
            [
                Entry(
                    conversation=_dashed(row[0]),
                    seq=row[1],
                    public_seq=row[2],
                    id=_dashed(row[3]),
                    kind=row[4],
                    text=row[5],
                    writer=_hex(row[6]),
                    client_id=_dashed(row[7]),
                )
                for row in entries
            ],
        )

    def _read(self, *queries: str) -> list[list[Any]]:
        """Return the rows of all queries, from one snapshot."""
        if self.postgres is None:
            with closing(sqlite3.connect(self.sqlite, isolation_level=None)) as lite:
                lite.execute("BEGIN")
                return [lite.execute(query).fetchall() for query in queries]
        with psycopg.connect(self.postgres.url) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            return [connection.execute(query).fetchall() for query in queries]


OURS = ("manage.py",)
# Higher limits: the defaults are for a person's hands, and a test writes faster.
FAST = {"MESSAGES_PER_SECOND": "100", "FRAMES_PER_SECOND": "500"}


@contextmanager
def embedded(
    var: Path, *, entry: Sequence[str] = OURS, environ: Mapping[str, str] = FAST
) -> Iterator[World]:
    """Yield one server on SQLite; `entry` as for `App`.

    `entry` may also break how the database is migrated. A database of an older version in `var` is
    migrated.
    """
    app = App(var, environ=environ, entry=entry)
    if (var / DATABASE).exists():
        seeded = people(app)
    else:
        seeded = foundations.embedded(var)
        if entry != OURS:
            app.manage("migrate", "--verbosity", "0")
    app.start()
    try:
        yield World([app], **seeded, sqlite=var / DATABASE)
    finally:
        app.kill()


@contextmanager
def services(
    var: Path,
    *,
    servers: int = 1,
    workers: int = 1,
    entry: Sequence[str] = OURS,
    environ: Mapping[str, str] = FAST,
) -> Iterator[World]:
    """Yield `servers` servers of `workers` processes each, on one PostgreSQL and one Redis.

    `entry` as for `App`.
    """
    with foundations.services() as (database, key, seeded), redis.running() as memory:
        environ = {
            **environ,
            "WORKERS": str(workers),
            "DATABASE_URL": database.url,
            "REDIS_URL": memory.url,
            "SECRET_KEY": key,
        }
        apps = _apps(var, [ROOT] * servers, environ, entry)
        with _serving(apps):
            yield World(apps, **seeded, postgres=database, redis=memory)


@contextmanager
def versions(var: Path, codes: Sequence[Path]) -> Iterator[World]:
    """Yield a server for each folder of code in `codes`, on one PostgreSQL and one Redis.

    `codes` begins with the oldest and ends with this code. Each version migrates the database in
    turn.
    """
    with postgres.running() as database, redis.running() as memory:
        environ = {
            **FAST,
            "DATABASE_URL": database.url,
            "REDIS_URL": memory.url,
            "SECRET_KEY": secrets.token_urlsafe(50),
        }
        apps = _apps(var, codes, environ)
        for older in apps[:-1]:
            older.manage("migrate", "--verbosity", "0")
        seeded = people(apps[-1])
        with _serving(apps):
            yield World(apps, **seeded, postgres=database, redis=memory)


def _apps(
    var: Path, codes: Sequence[Path], environ: Mapping[str, str], entry: Sequence[str] = OURS
) -> list[App]:
    apps = []
    for number, code in enumerate(codes):
        own = var / str(number)
        own.mkdir()
        apps.append(App(own, environ=environ, entry=entry, code=code))
    return apps


@contextmanager
def _serving(apps: Sequence[App]) -> Iterator[None]:
    with ExitStack() as stack:
        for app in apps:
            stack.callback(app.kill)
            app.start()
        yield


def _hex(key: Any) -> str:
    return UUID(str(key)).hex if key else ""


def _dashed(key: Any) -> str:
    return str(UUID(str(key))) if key else ""
