"""Where services run: a named pool of threads, bounded so that the database is not flooded."""

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
"""When what no thread has begun yet was handed over."""


async def run(service: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a service in a thread and return what it returns.

    A database that fails is asked once more (every service is safe to repeat), then Unavailable
    is raised; errors of the service itself come through.
    """
    loop = asyncio.get_running_loop()
    ticket = object()
    _waiting[ticket] = time.monotonic()
    # In the caller's context, so that a line of the log tells on whose behalf it was.
    context = contextvars.copy_context()
    try:
        return await loop.run_in_executor(pool(), context.run, _call, ticket, service, args, kwargs)
    finally:
        _waiting.pop(ticket, None)


def oldest(now: float) -> float:
    """Return how many seconds the oldest call has waited for a thread, 0.0 when none waits. `now`
    by the monotonic clock."""
    since = list(_waiting.values())[:1]  # at once: threads take tickets away meanwhile
    return now - since[0] if since else 0.0


def waiting() -> int:
    """Return how many services wait for a thread."""
    return len(_waiting)


@cache
def pool() -> ThreadPoolExecutor:
    """Return the threads, `DB_THREADS` of them, made when they are first needed."""
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
