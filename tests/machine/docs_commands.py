"""The shell commands of the documentation's pages, and a machine that runs them without harm."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.machine.app import ROOT, App
from tests.machine.postgres import NAME, Postgres
from tests.machine.redis import Redis
from tests.machine.units import PYTHON

PAGES = ROOT / "docs/how-to"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str, heading: str) -> list[str]:
    """Return the lines of a how-to's shell blocks between `heading` and the next heading."""
    text = (PAGES / page).read_text()
    _before, found, rest = text.partition(f"\n## {heading}\n")
    assert found, f"{page} has no section {heading}"
    blocks = BLOCK.findall(rest.partition("\n## ")[0])
    joined = "".join(blocks).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


class Machine:
    """Runs commands of a page unchanged, on throw-away servers and in folders of a test.

    `paths` replaces prefixes of paths. A command for another user runs as the current user.
    `services` is called with the arguments of `systemctl`.
    """

    def __init__(
        self,
        folder: Path,
        app: App,
        *,
        paths: Mapping[str, Path],
        services: Callable[[list[str]], None] | None = None,
        database: Postgres | None = None,
        memory: Redis | None = None,
    ) -> None:
        self._services = services
        programs = folder / "programs"
        programs.mkdir()
        stubs = {
            "runuser": 'shift 3; exec "$@"',  # -u NAME --
            "livechat-manage": f'cd {ROOT} && exec {sys.executable} manage.py "$@"',
        }
        self._paths = {PYTHON: Path(sys.executable), **paths}
        self._environ = dict(app.environ)
        if database is not None:
            self._environ |= {
                "PGHOST": "127.0.0.1",
                "PGPORT": str(database.port),
                "PGUSER": NAME,
                "PGDATABASE": "postgres",
            }
            for name in ("psql", "createdb", "pg_dump", "pg_restore"):
                stubs[name] = f'exec {database.program(name)} "$@"'
        if memory is not None:
            stubs["redis-cli"] = f'exec /usr/bin/env -i {_redis_cli()} -p {memory.port} "$@"'
        for name, text in stubs.items():
            stub = programs / name
            stub.write_text(f"#!/bin/sh\n{text}\n")
            stub.chmod(0o755)
        self._environ["PATH"] = f"{programs}:{os.environ['PATH']}"

    def run(self, command: str) -> str:
        """Return a command's output; raises RuntimeError when it fails."""
        if self._services is not None and command.startswith("systemctl "):
            self._services(shlex.split(command)[1:])
            return ""
        for before, after in self._paths.items():
            command = command.replace(before, str(after))
        done = subprocess.run(
            ["sh", "-euc", command],
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command}:\n{done.stdout}{done.stderr}")
        return done.stdout


def _redis_cli() -> str:
    for name in ("/usr/bin/redis-cli", "/usr/bin/valkey-cli", "/usr/local/bin/redis-cli"):
        if Path(name).exists():
            return name
    raise RuntimeError("redis-cli is missing")
