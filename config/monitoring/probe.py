"""Asking what may hang: the database, the disk."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from django.db import connection

logger = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")


class Question(Generic[T]):
    """A question that is asked in a thread of its own and never twice at a time.

    The answer is remembered for `keep` seconds, and so is that there was none. The thread is no
    one's: where services are all busy it still asks, and when it hangs nobody waits for its end.
    """

    def __init__(self, name: str, ask: Callable[[], T], *, within: float, keep: float) -> None:
        self._name = name
        self._ask = ask
        self._within = within
        self._keep = keep
        self._known: T | None = None
        self._known_at = -keep
        self._asked_at = 0.0
        self._asking: asyncio.Future[T | None] | None = None

    async def answer(self) -> T | None:
        """Return the answer; None when asking fails, or takes longer than `within` seconds."""
        now = time.monotonic()
        if now - self._known_at < self._keep:
            return self._known
        loop = asyncio.get_running_loop()
        asking = self._asking
        if asking is None or asking.get_loop() is not loop:
            asking = self._asking = loop.create_future()
            self._asked_at = now
            threading.Thread(
                target=self._run, args=(loop, asking), name=f"ask-{self._name}", daemon=True
            ).start()
        left = max(0.0, self._asked_at + self._within - now)
        await asyncio.wait([asking], timeout=left)
        self._known = asking.result() if asking.done() else None
        self._known_at = time.monotonic()
        if asking.done():
            self._asking = None
        return self._known

    def forget(self) -> None:
        """Ask anew next time."""
        self._known_at = -self._keep

    def _run(self, loop: asyncio.AbstractEventLoop, asking: "asyncio.Future[T | None]") -> None:
        answer: T | None = None
        try:
            answer = self._ask()
        except Exception as error:  # whatever it is, it is no answer
            logger.warning("question.failed", question=self._name, error=type(error).__name__)
        finally:
            with contextlib.suppress(Exception):
                connection.close()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(_tell, asking, answer)


def _tell(asking: "asyncio.Future[T | None]", answer: T | None) -> None:
    if not asking.done():
        asking.set_result(answer)
