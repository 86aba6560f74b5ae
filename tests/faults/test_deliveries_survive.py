"""Webhooks while workers are killed during a call and receivers fail at random."""

import random
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from livechat.domain import signatures
from tests import receiver
from tests.faults.foundation import foundations
from tests.machine.app import App, Process
from tests.machine.timeouts import TIMEOUT_SECONDS
from tests.receiver import Answer, Handler, Received, receiving

pytestmark = pytest.mark.faults

CHATS = 8
TEXTS = 8
EVENTS = CHATS * (TEXTS + 2)
KILLS = 4
SPEED = 60
"""The clock is 60 times as fast, so a lease of a minute ends after a second."""


class UnreliableReceiver:
    """A receiver that fails two in five first attempts, and sometimes has the workers killed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._tries: Counter[str] = Counter()
        self._kill_at = set(self._dice.sample(range(8, EVENTS), KILLS))
        self.is_posting = threading.Semaphore(0)
        """Released when a worker is in the middle of a call and must be killed."""

    def decide(self, request: Received) -> Answer:
        if len(self._tries) in self._kill_at:
            self._kill_at.discard(len(self._tries))
            return self._while_he_waits
        self._tries[request.id] += 1
        if self._tries[request.id] > 1 or self._dice.random() > 0.4:
            return receiver.status(204)
        return self._dice.choice([receiver.status(500), receiver.hang_up, receiver.hang(0.3)])

    def _while_he_waits(self, _handler: Handler) -> None:
        self.is_posting.release()
        time.sleep(5)


class Workers:
    """Two worker processes. `kill` kills both; `start` starts two new ones."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._since = time.time()
        self._processes: list[Process] = []
        self.kills = 0

    def start(self) -> None:
        code = f"from tests.faults.delivery_workers import work; work({self._since}, {SPEED})"
        self._processes = [
            self._app.beside("shell", "--no-imports", "--verbosity", "0", "-c", code)
            for _ in range(2)
        ]

    def kill(self) -> None:
        for process in self._processes:
            assert process.poll() is None, self._app.log.read_text()[-4000:]
            process.kill()
            process.wait()
        self.kills += 1


def test_every_event_arrives_signed_and_in_order(tmp_path: Path, seed: int, print_line):
    unreliable = UnreliableReceiver(seed)
    with (
        foundations.services() as (database, key, _people),
        receiving(decide=unreliable.decide) as system,
    ):
        app = App(
            tmp_path,
            environ={
                "DATABASE_URL": database.url,
                "SECRET_KEY": key,
                "WEBHOOKS_ALLOW_PRIVATE": "1",
            },
        )
        shell = ("shell", "--no-imports", "--verbosity", "0", "-c")
        secret = app.manage(
            *shell, f"from tests.faults.delivery_workers import prepare; prepare({system.url!r})"
        )
        writing = app.beside(
            *shell, f"from tests.faults.delivery_workers import write; write({CHATS}, {TEXTS})"
        )
        workers = Workers(app)
        workers.start()
        try:
            before, moved_at = -1, time.monotonic()
            while writing.poll() is None or _waiting(database.url):
                if (waiting := _waiting(database.url)) != before:
                    before, moved_at = waiting, time.monotonic()
                assert time.monotonic() < moved_at + TIMEOUT_SECONDS, waiting
                if unreliable.is_posting.acquire(timeout=0.05):
                    workers.kill()
                    workers.start()
        finally:
            workers.kill()
            writing.kill()
            code = writing.wait()
        assert code == 0
        rows = _deliveries(database.url)
        received = list(system.received)

    tries = Counter(request.id for request in received)
    print_line(f"{len(rows)} events, {len(received)} calls, {workers.kills - 1} times killed")
    assert len(rows) == EVENTS
    assert {state for _id, _chat, state in rows} == {"done"}
    assert set(tries) == {name for name, _chat, _state in rows}
    assert workers.kills == KILLS + 1
    assert len(received) >= EVENTS + KILLS
    for request in received:
        assert request.headers["webhook-signature"] == signatures.sign(
            secret,
            id=request.id,
            timestamp=int(request.headers["webhook-timestamp"]),
            body=request.body,
        )
    assert _by_chat((request.id, _chat_of(request)) for request in _first(received)) == _by_chat(
        (name, chat) for name, chat, _state in rows
    )


def _first(received: list[Received]) -> list[Received]:
    """Return the requests without repeats, in the order of their first arrival."""
    found: dict[str, Received] = {}
    for request in received:
        found.setdefault(request.id, request)
    return list(found.values())


def _chat_of(request: Received) -> str:
    return str(request.json["data"]["conversation"]["id"])


def _by_chat(events) -> dict[str, list[str]]:
    found = defaultdict(list)
    for name, chat in events:
        found[chat].append(name)
    return dict(found)


def _waiting(url: str) -> int:
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM livechat_delivery WHERE state = 'pending'"
        [count] = connection.execute(query).fetchone() or [0]
        return int(count)


def _deliveries(url: str) -> list[tuple[str, str, str]]:
    """Return (webhook-id, conversation, state), in the order of the events."""
    with psycopg.connect(url) as connection:
        query = "SELECT public_id, conversation, state FROM livechat_delivery ORDER BY id"
        return [
            (f"msg_{UUID(str(name)).hex}", str(chat), state)
            for name, chat, state in connection.execute(query)
        ]
