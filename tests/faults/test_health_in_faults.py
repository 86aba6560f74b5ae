"""Health reports the truth while PostgreSQL or Redis is stopped, frozen or back."""

import json
import time
from pathlib import Path

import pytest

from tests.faults import world
from tests.machine.app import App
from tests.machine.timeouts import TIMEOUT_SECONDS, promised

pytestmark = pytest.mark.faults

LIMIT_SECONDS = promised(5.0)
"""Maximum time of a response while the database hangs: its own limit plus a reserve."""


def readiness(app: App) -> tuple[int, dict[str, bool]]:
    began = time.monotonic()
    status, body = app.get("/readyz")
    assert time.monotonic() - began < LIMIT_SECONDS
    assert app.get("/healthz")[0] == 200
    return status, json.loads(body)


def becomes(app: App, status: int, **expected: bool) -> None:
    """Return when ``/readyz`` has this status and these values."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        found, said = readiness(app)
        if found == status and said.items() >= expected.items():
            return
        assert time.monotonic() < deadline, (found, said)
        time.sleep(0.2)


def test_readiness_follows_what_is_lost_and_comes_back(tmp_path: Path):
    with world.services(tmp_path, servers=1) as system:
        [app] = system.apps
        assert system.postgres
        assert system.redis
        becomes(app, 200, ready=True, redis=True)

        system.redis.freeze()
        becomes(app, 200, ready=True, degraded=True, redis=False)
        system.redis.thaw()
        becomes(app, 200, redis=True)

        system.redis.kill()
        becomes(app, 200, degraded=True, redis=False)
        system.redis.start()
        becomes(app, 200, redis=True)

        system.postgres.stop()
        becomes(app, 503, ready=False, database=False)
        system.postgres.start()
        becomes(app, 200, ready=True, database=True)

        system.postgres.freeze()
        becomes(app, 503, ready=False, database=False)
        system.postgres.thaw()
        becomes(app, 200, ready=True, database=True)
