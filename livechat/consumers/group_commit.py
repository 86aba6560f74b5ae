"""The writer: messages that arrive during a commit are committed together in the next one.

This is called group commit. There is one writer per process and no timer: an idle batch writer
writes a message at once, a busy one writes in its next transaction all that has arrived. A
message is acknowledged after its commit, never before. Messages of a conversation that another
transaction has locked wait in a queue of their own (`locked_queues.py`), so they delay no other
conversation.
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
"""Limits of the queue: messages, and characters of their texts together."""

BATCH_WRITERS = 2 if connection.vendor == "postgresql" else 1
"""SQLite allows only one writer at a time."""

Outcome = PostResult | Busy
Waiting = tuple[Item, OnAnswer, float]
"""A message, its callback, and when it was queued, in monotonic time."""
Post = Callable[[Sequence[Item]], list[Outcome]]


class Writer:
    """Takes messages from the sockets of one event loop, and reports each result by a callback.

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
        """Queue `item`; `answer(item, outcome)` is called once, on the loop, after the commit.

        Never blocks. When the queue is full, the item is refused at once.
        """
        is_full = self.waiting + len(self.locked) >= MAX_WAITING
        if is_full or self._characters >= MAX_WAITING_CHARACTERS:
            answer(item, Refused(Unavailable()))
            return
        self._characters += len(item.text)
        self._batch_writers[item.conversation.int % len(self._batch_writers)].take(item, answer)

    @property
    def waiting(self) -> int:
        """Number of messages in the queue, without those being written."""
        return sum(len(one.waiting) for one in self._batch_writers)

    def oldest(self, now: float) -> float:
        """Return the seconds that the oldest message has waited for its result, 0.0 without one.

        `now` is monotonic time.
        """
        return max(one.oldest(now) for one in self._batch_writers)

    async def empty(self) -> None:
        """Wait until no message is waiting or being written."""
        while (busy := [one.idle for one in self._batch_writers if one.idle]) or len(self.locked):
            if busy:
                await asyncio.wait(busy)
            await self.locked.empty()

    def next_batch(self, waiting: deque[Waiting]) -> list[Waiting]:
        """Take the next batch; move messages of locked conversations to their queues."""
        batch = []
        for item, answer, at in [waiting.popleft() for _ in range(min(MAX_BATCH, len(waiting)))]:
            self._characters -= len(item.text)
            if item.conversation in self.locked:
                self.locked.add(item, answer)
            else:
                batch.append((item, answer, at))
        return batch

    def write(self, items: Sequence[Item]) -> list[Outcome]:
        """Write a batch; if it fails, write its items one by one and refuse only those that fail.

        Safe to repeat: items that were stored get the result `Repeated`.
        """
        answers = self._attempt(items)
        if answers is not None:
            return answers
        answers = []
        lost = False
        for item in items:
            # One failed attempt shows that the database is down; do not repeat it for the rest.
            single = None if lost else self._attempt([item])
            lost = lost or (single is None and not self._database_answers())
            answers += single or [Refused(Unavailable())]
        return answers

    def _attempt(self, items: Sequence[Item]) -> list[Outcome] | None:
        """Return the results, or None on any failure: no item may stop the writer or delay the
        other items."""
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
    """Writes in one transaction all messages that arrived during the previous one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.waiting: deque[Waiting] = deque()
        self.idle: asyncio.Future[None] | None = None
        """Future that is done when this batch writer becomes idle; None while it is idle."""
        self._writing_since: float | None = None

    def take(self, item: Item, answer: OnAnswer) -> None:
        self.waiting.append((item, answer, time.monotonic()))
        if self.idle is None:
            loop = asyncio.get_running_loop()
            self.idle = loop.create_future()
            # In the loop's next turn, together with other messages of this turn.
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
        # Not by a task: it would run one turn later, so acknowledgements would be sent apart from
        # the same transaction's events to the same sockets. In an empty context, so that the log
        # lines do not carry the fields of the first sender.
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
