"""The writer: messages that wait while a commit is under way are committed together.

One per process. There is no timer: an idle writer writes a message at once, a busy one writes in
one transaction whatever has come in since. Each is answered after that commit, never before.
What stays locked by somebody else goes to a lane of its own (`lanes.py`), and holds up nobody.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, InterfaceError, connection

from livechat.consumers.lanes import Lanes, OnAnswer
from livechat.errors import Unavailable
from livechat.services import messages
from livechat.services.messages import Answer, Busy, Item, Refused

logger = logging.getLogger(__name__)

MAX_BATCH = 256
MAX_WAITING = 10_000

Outcome = Answer | Busy
Post = Callable[[Sequence[Item]], list[Outcome]]


class Writer:
    """Takes messages from the sockets of one event loop and answers each by a callback."""

    def __init__(self, post: Post = messages.post_soon) -> None:
        self._post = post
        self.lanes = Lanes(messages.post_messages)
        self._waiting: deque[tuple[Item, OnAnswer]] = deque()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._task: asyncio.Task[None] | None = None

    def submit(self, item: Item, answer: OnAnswer) -> None:
        """Have `item` written; `answer(item, outcome)` is called on the loop, once, after the
        commit. Never blocks; with too many waiting the item is refused at once."""
        if len(self._waiting) + len(self.lanes) >= MAX_WAITING:
            answer(item, Refused(Unavailable()))
            return
        self._waiting.append((item, answer))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain(), name="writer")

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
                batch = []
                for item, answer in [self._waiting.popleft() for _ in range(size)]:
                    if item.conversation in self.lanes:
                        self.lanes.add(item, answer)
                    else:
                        batch.append((item, answer))
                items = [item for item, _answer in batch]
                if not items:
                    continue
                answers = await loop.run_in_executor(self.pool, self._write, items)
                for (item, answer), outcome in zip(batch, answers, strict=True):
                    if isinstance(outcome, Busy):
                        self.lanes.add(item, answer)
                    else:
                        answer(item, outcome)
        finally:
            self._task = None

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
            return self._post(items)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("writer: batch of %d failed: %s", len(items), type(error).__name__)
            connection.close()
        except Exception:
            logger.exception("writer: batch of %d failed", len(items))
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
