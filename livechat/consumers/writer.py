"""The writer: messages that wait while a commit is under way are committed together.

One per process. There is no timer: an idle writer writes a message at once, a busy one writes in
one transaction whatever has come in since. Each is answered after that commit, never before.
What stays locked by somebody else goes to a lane of its own (`lanes.py`), and holds up nobody.
"""

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db import DatabaseError, InterfaceError, connection

from livechat import metrics
from livechat.consumers.lanes import Lanes, OnAnswer
from livechat.errors import Unavailable
from livechat.services import messages
from livechat.services.messages import Answer, Busy, Item, Refused

logger = structlog.stdlib.get_logger(__name__)

MAX_BATCH = 256
MAX_WAITING = 10_000
MAX_WAITING_CHARACTERS = 16_000_000
"""What may wait: messages, and their texts together."""

Outcome = Answer | Busy
Post = Callable[[Sequence[Item]], list[Outcome]]


class Writer:
    """Takes messages from the sockets of one event loop and answers each by a callback."""

    def __init__(self, post: Post = messages.post_soon) -> None:
        self._post = post
        self.lanes = Lanes(messages.post_messages)
        self._waiting: deque[tuple[Item, OnAnswer, float]] = deque()
        self._characters = 0
        self._writing_since: float | None = None
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._task: asyncio.Task[None] | None = None

    def submit(self, item: Item, answer: OnAnswer) -> None:
        """Have `item` written; `answer(item, outcome)` is called on the loop, once, after the
        commit. Never blocks; with too many waiting the item is refused at once."""
        is_full = len(self._waiting) + len(self.lanes) >= MAX_WAITING
        if is_full or self._characters >= MAX_WAITING_CHARACTERS:
            answer(item, Refused(Unavailable()))
            return
        self._waiting.append((item, answer, time.monotonic()))
        self._characters += len(item.text)
        if self._task is None:
            # Not in the context of whoever comes first: what the writer logs is not about him.
            self._task = asyncio.get_running_loop().create_task(
                self._drain(), name="writer", context=contextvars.Context()
            )

    @property
    def waiting(self) -> int:
        """How many messages wait; those that are being written not among them."""
        return len(self._waiting)

    def oldest(self, now: float) -> float:
        """Return how many seconds the oldest message has waited for its answer, 0.0 without one.
        `now` by the monotonic clock."""
        since = self._writing_since
        if since is None and self._waiting:
            since = self._waiting[0][2]
        return 0.0 if since is None else now - since

    async def empty(self) -> None:
        """Return when nothing is waiting or being written."""
        while self._task is not None or len(self.lanes):
            if self._task is not None:
                await asyncio.wait([self._task])
            await self.lanes.empty()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                size = min(MAX_BATCH, len(self._waiting))
                batch = self._next_batch(size)
                if not batch:
                    continue
                items = [item for item, _answer, _at in batch]
                self._writing_since = batch[0][2]
                answers = await loop.run_in_executor(self.pool, self._write, items)
                now = time.monotonic()
                for (item, answer, at), outcome in zip(batch, answers, strict=True):
                    if isinstance(outcome, Busy):
                        self.lanes.add(item, answer)
                    else:
                        answer(item, outcome)
                        metrics.acknowledged(now - at)
        finally:
            self._task = None
            self._writing_since = None

    def _next_batch(self, size: int) -> list[tuple[Item, OnAnswer, float]]:
        """Take what waits, but for what has to go behind others in a lane."""
        batch = []
        for item, answer, at in [self._waiting.popleft() for _ in range(size)]:
            self._characters -= len(item.text)
            if item.conversation in self.lanes:
                self.lanes.add(item, answer)
            else:
                batch.append((item, answer, at))
        return batch

    def _write(self, items: Sequence[Item]) -> list[Outcome]:
        """Write a batch; when it fails write the items one by one, so that the one at fault
        alone is refused. Repeating is safe: what did get stored is answered as repeated."""
        answers = self._attempt(items)
        if answers is not None:
            return answers
        answers = []
        lost = False
        for item in items:
            # When the database is gone, one attempt tells; the rest need not wait for it.
            single = None if lost else self._attempt([item])
            lost = lost or (single is None and not self._database_answers())
            answers += single or [Refused(Unavailable())]
        return answers

    def _attempt(self, items: Sequence[Item]) -> list[Outcome] | None:
        """Return the answers, or None when it failed: whatever one item brings about, the writer
        lives on and the neighbours are served."""
        try:
            with metrics.COMMIT_SECONDS.time():
                answers = self._post(items)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("writer.failed", messages=len(items), error=type(error).__name__)
            connection.close()
        except Exception:
            logger.exception("writer.failed", messages=len(items))
        else:
            metrics.BATCH.observe(len(items))
            return answers
        metrics.WRITES_FAILED.inc()
        return None

    def _database_answers(self) -> bool:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except (DatabaseError, InterfaceError):
            connection.close()
            return False
        return True


writer = Writer()
"""This process's writer."""
