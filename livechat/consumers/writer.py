"""The writer: messages that wait while a commit is under way are committed together (group commit).

One per process, without a timer: an idle batch writer writes a message at once, a busy one writes
all that came in meanwhile in its next transaction. A message is acknowledged after its commit,
never before. Messages of a conversation that another transaction has locked wait in a queue of
their own (`locked_queues.py`), so they delay no other conversation.
"""

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from django.db import DatabaseError, InterfaceError, connection

from livechat import metrics
from livechat.consumers.locked_queues import LockedQueues, OnAnswer
from livechat.errors import Unavailable
from livechat.services import messages
from livechat.services.messages import Busy, Item, PostResult, Refused

logger = structlog.stdlib.get_logger(__name__)

MAX_BATCH = 256
MAX_WAITING = 10_000
MAX_WAITING_CHARACTERS = 16_000_000
"""What may wait: messages, and their texts together."""

BATCH_WRITERS = 2 if connection.vendor == "postgresql" else 1
"""SQLite has one writer at a time, whatever we do."""

Outcome = PostResult | Busy
Waiting = tuple[Item, OnAnswer, float]
"""A message, whom to tell and since when it waits, by the monotonic clock."""
Post = Callable[[Sequence[Item]], list[Outcome]]


class Writer:
    """Takes messages from the sockets of one event loop and answers each by a callback.

    Several `batch_writers` write at once: while one waits for the disk, another one prepares its
    transaction. All messages of a conversation go through the same one, so they keep their order.
    """

    def __init__(self, post: Post = messages.post_soon, *, batch_writers: int = 1) -> None:
        self._post = post
        self.locked = LockedQueues(messages.post_messages)
        self._batch_writers = [BatchWriter(self) for _ in range(batch_writers)]
        self._characters = 0
        self.pool = ThreadPoolExecutor(batch_writers, thread_name_prefix="writer")

    def submit(self, item: Item, answer: OnAnswer) -> None:
        """Have `item` written; `answer(item, outcome)` is called on the loop, once, after the
        commit. Never blocks; with too many waiting the item is refused at once."""
        is_full = self.waiting + len(self.locked) >= MAX_WAITING
        if is_full or self._characters >= MAX_WAITING_CHARACTERS:
            answer(item, Refused(Unavailable()))
            return
        self._characters += len(item.text)
        self._batch_writers[item.conversation.int % len(self._batch_writers)].take(item, answer)

    @property
    def waiting(self) -> int:
        """How many messages wait; those that are being written not among them."""
        return sum(len(one.waiting) for one in self._batch_writers)

    def oldest(self, now: float) -> float:
        """Return how many seconds the oldest message has waited for its answer, 0.0 without one.
        `now` by the monotonic clock."""
        return max(one.oldest(now) for one in self._batch_writers)

    async def empty(self) -> None:
        """Return when nothing is waiting or being written."""
        while (busy := [one.idle for one in self._batch_writers if one.idle]) or len(self.locked):
            if busy:
                await asyncio.wait(busy)
            await self.locked.empty()

    def next_batch(self, waiting: deque[Waiting]) -> list[Waiting]:
        """Take what waits, except what has to queue behind others of a locked conversation."""
        batch = []
        for item, answer, at in [waiting.popleft() for _ in range(min(MAX_BATCH, len(waiting)))]:
            self._characters -= len(item.text)
            if item.conversation in self.locked:
                self.locked.add(item, answer)
            else:
                batch.append((item, answer, at))
        return batch

    def write(self, items: Sequence[Item]) -> list[Outcome]:
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


class BatchWriter:
    """Writes in one transaction whatever has come in while it wrote the one before."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.waiting: deque[Waiting] = deque()
        self.idle: asyncio.Future[None] | None = None
        """Done when nothing is waiting or being written; None when that is so."""
        self._writing_since: float | None = None

    def take(self, item: Item, answer: OnAnswer) -> None:
        self.waiting.append((item, answer, time.monotonic()))
        if self.idle is None:
            loop = asyncio.get_running_loop()
            self.idle = loop.create_future()
            # In the next turn, with whatever else comes in this one.
            loop.call_soon(self._begin, loop, context=contextvars.Context())

    def oldest(self, now: float) -> float:
        since = self._writing_since
        if since is None and self.waiting:
            since = self.waiting[0][2]
        return 0.0 if since is None else now - since

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        batch: list[Waiting] = []
        while self.waiting and not batch:
            batch = self._writer.next_batch(self.waiting)
        if not batch:
            self._writing_since = None
            assert self.idle is not None
            self.idle.set_result(None)
            self.idle = None
            return
        self._writing_since = batch[0][2]
        writing = self._writer.pool.submit(self._writer.write, [item for item, _, _ in batch])
        # Not by a task: it would be woken one turn later, and the answers would leave apart from
        # what the same transaction says to the same sockets. In a context of nobody's: what the
        # writer logs is not about whoever came first.
        writing.add_done_callback(
            lambda done: loop.call_soon_threadsafe(
                self._end, loop, batch, done, context=contextvars.Context()
            )
        )

    def _end(
        self,
        loop: asyncio.AbstractEventLoop,
        batch: Sequence[Waiting],
        written: Future[list[Outcome]],
    ) -> None:
        now = time.monotonic()
        try:
            for (item, answer, at), outcome in zip(batch, written.result(), strict=True):
                if isinstance(outcome, Busy):
                    self._writer.locked.add(item, answer)
                else:
                    answer(item, outcome)
                    metrics.ACK_SECONDS.observe(now - at)
        finally:
            self._begin(loop)


writer = Writer(batch_writers=BATCH_WRITERS)
"""This process's writer."""
