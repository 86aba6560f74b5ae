"""The thread pool in which services run, bounded so that the database is not overloaded."""

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from livechat.errors import Unavailable

T = TypeVar("T")

_waiting: dict[object, float] = {}
"""When each call that waits for a thread was submitted, in monotonic time."""


async def run(service: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a service in a thread and return its result.

    A database error is retried once, because every service is safe to repeat; the second raises
    Unavailable. Errors of the service itself are passed on.
    """
    loop = asyncio.get_running_loop()
    ticket = object()
    _waiting[ticket] = time.monotonic()
    # In the caller's context, so that log lines keep its fields.
    context = contextvars.copy_context()
    try:
        return await loop.run_in_executor(pool(), context.run, _call, ticket, service, args, kwargs)
    finally:
        _waiting.pop(ticket, None)


def oldest(now: float) -> float:
    """Return the seconds that the oldest call has waited for a thread, 0.0 if none waits.

    `now` is monotonic time.
    """
    since = list(_waiting.values())[:1]  # copied in one step: threads remove tickets concurrently
    return now - since[0] if since else 0.0


def waiting() -> int:
    """Return how many calls wait for a thread."""
    return len(_waiting)


@cache
def pool() -> ThreadPoolExecutor:
    """Return the pool of `DB_THREADS` threads, created at the first call."""
    return ThreadPoolExecutor(settings.DB_THREADS, thread_name_prefix="service")


def _call(ticket: object, service: Callable[..., T], args: Any, kwargs: Any) -> T:
    _waiting.pop(ticket, None)
    try:
        for attempt in (1, 2):
            close_old_connections()
            try:
                return service(*args, **kwargs)
            except (DatabaseError, InterfaceError) as error:
                connection.close()
                if attempt == 2:
                    raise Unavailable from error
        raise Unavailable
    finally:
        close_old_connections()
