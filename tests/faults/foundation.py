"""The start of every world: a migrated database with people, made once and then copied."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.machine import postgres, redis
from tests.machine.app import App
from tests.machine.postgres import Postgres
from tests.machine.server_folders import Installed

OPERATORS = 6
KEY = "secret_key"
PEOPLE = "people.json"

Room = Callable[[str], AbstractContextManager[tuple[Path, bool]]]
"""Yields the folder of a name, and whether it is filled already."""


@contextmanager
def _own_room(name: str) -> Iterator[tuple[Path, bool]]:
    """Yield a new, empty folder for every call."""
    with tempfile.TemporaryDirectory(prefix=f"livechat-{name}-") as folder:
        yield Path(folder), False


@dataclass
class Foundations:
    """Databases with people in them. A test run replaces `room`, so that its workers share them."""

    room: Room = _own_room

    def embedded(self, var: Path) -> dict[str, Any]:
        """Fill the folder of a server on SQLite; return its channel and login sessions."""
        with self.room("sqlite") as (folder, is_filled):
            if not is_filled:
                _keep(folder, people(App(folder)))
            Installed(folder).copy(var)
            return _kept(folder)

    @contextmanager
    def services(self) -> Iterator[tuple[Postgres, str, dict[str, Any]]]:
        """Yield a PostgreSQL with people, its SECRET_KEY, and a dictionary.

        The key has signed the operators' login sessions. The dictionary holds the channel and these
        sessions.
        """
        with ExitStack() as stack:
            with self.room("postgres") as (folder, is_filled):
                if not is_filled:
                    self._fill(folder)
                server = stack.enter_context(postgres.running(data=folder / "data"))
                key, found = (folder / KEY).read_text().strip(), _kept(folder)
            yield server, key, found

    def _fill(self, folder: Path) -> None:
        with postgres.running() as server, redis.running() as memory:
            environ = {"DATABASE_URL": server.url, "REDIS_URL": memory.url}
            _keep(folder, people(App(folder, environ=environ)))
            server.stop()
            server.copy(folder / "data")


foundations = Foundations()


def people(app: App) -> dict[str, Any]:
    """Migrate the database of a server and add people to it."""
    app.manage("migrate", "--verbosity", "0")
    seeding = f"from tests.faults.seed import seed; seed({OPERATORS})"
    people: dict[str, Any] = json.loads(app.manage("shell", "--no-imports", "-c", seeding))
    return people


def _keep(folder: Path, found: dict[str, Any]) -> None:
    (folder / PEOPLE).write_text(json.dumps(found))


def _kept(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / PEOPLE).read_text())
    return found
