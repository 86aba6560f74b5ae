"""Queues for messages of conversations that another transaction has locked.

The writer goes on with other conversations. Each queue holds one conversation: its messages keep
their order, and later ones for the same conversation queue behind them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.db import OperationalError, connection

from livechat.errors import Unavailable
from livechat.services.messages import Item, PostResult, Refused

logger = structlog.stdlib.get_logger(__name__)

THREADS = 4
"""Maximum conversations to wait for at once; each occupies a thread and a connection."""
MAX_BATCH = 64

OnAnswer = Callable[[Item, PostResult], None]
Post = Callable[[Sequence[Item]], list[PostResult]]


class LockedQueues:
    """The queues of one event loop. `post` waits for the lock until the database's time-out."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._waiting: dict[UUID, deque[tuple[Item, OnAnswer]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="locked_queue")

    def __contains__(self, conversation: UUID) -> bool:
        return conversation in self._waiting

    def __len__(self) -> int:
        """Return how many messages wait or are being written."""
        return sum(map(len, self._waiting.values()))

    def add(self, item: Item, answer: OnAnswer) -> None:
        """Write `item` after earlier ones of its conversation, then call `answer` on the loop."""
        if item.conversation in self._waiting:
            self._waiting[item.conversation].append((item, answer))
            return
        self._waiting[item.conversation] = deque([(item, answer)])
        task = asyncio.get_running_loop().create_task(
            self._drain(item.conversation), name="locked_queue"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def empty(self) -> None:
        """Wait until no message is waiting or being written."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _drain(self, conversation: UUID) -> None:
        loop, waiting = asyncio.get_running_loop(), self._waiting[conversation]
        try:
            while waiting:
                items = [item for item, _answer in list(waiting)[:MAX_BATCH]]
                answers = await loop.run_in_executor(self.pool, self._write, items)
                for outcome in answers:
                    item, answer = waiting.popleft()
                    answer(item, outcome)
        finally:
            del self._waiting[conversation]

    def _write(self, items: Sequence[Item]) -> list[PostResult]:
        try:
            return self._post(items)
        except OperationalError as error:
            # Still locked: the clients must retry, in the same order.
            logger.warning("locked_queue.refused", messages=len(items), error=type(error).__name__)
            return [Refused(Unavailable())] * len(items)
        except Exception:
            logger.exception("locked_queue.failed", messages=len(items))
            if len(items) == 1:
                return [Refused(Unavailable())]
            return [answer for item in items for answer in self._write([item])]
        finally:
            connection.close()
