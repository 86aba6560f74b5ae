"""Admission control: how many requests Django handles at once, and how many wait for how long.

Django takes a thread for each request. Without a limit, a thousand requests take a thousand
threads, and a hundred password checks at once take ten gigabytes of memory.
"""

import asyncio
import re
import time
from collections import Counter
from typing import Any

from config.http.body_limit import UPLOAD
from config.http.responses import reject_over_limit
from livechat import auth
from livechat.domain.ip_addresses import source_of
from livechat.domain.overload import Level
from livechat.limiter import Refusal, limiter

EXEMPT_PATHS = frozenset({"/healthz", "/readyz"})
"""Probes. An orchestrator would restart a process that does not answer them."""
PASSWORD_PATHS = frozenset({"/login/", "/profile/password/"})
"""Where a password is checked."""
VISITOR_UPLOAD = re.compile(r"/widget/")
MAX_UPLOADS = 32
MAX_UPLOADS_PER_ADDRESS = 8
"""Uploads that may run at once. Two people can send three files each; an office has to wait."""
RETRY_SECONDS = 2.0


class Slots:
    """Lets `limit` requests run, and queues up to `queue_size` more for `timeout_seconds` each."""

    def __init__(self, name: str, *, limit: int, queue_size: int, timeout_seconds: float) -> None:
        self.name = name
        """The limit's name in the log and in the metrics."""
        self.queued = 0
        self._queue_size = queue_size
        self._timeout_seconds = timeout_seconds
        self._free = asyncio.Semaphore(limit)

    async def acquire(self) -> bool:
        """Wait for a slot. Return False when the queue is full or the time-out has passed."""
        if self._free.locked() and self.queued >= self._queue_size:
            return False
        self.queued += 1
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._free.acquire()
        except TimeoutError:
            return False
        finally:
            self.queued -= 1

    def release(self) -> None:
        self._free.release()


class Admission:
    """Answers 429 to clients that send too many requests, and 503 when the server is overloaded."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._pages = Slots("process.pages", limit=32, queue_size=512, timeout_seconds=10.0)
        # A password check takes 100 MiB of memory, and so does re-encoding a picture.
        self._sign_ins = Slots("process.sign_ins", limit=3, queue_size=64, timeout_seconds=10.0)
        self._files = Slots("process.files", limit=3, queue_size=MAX_UPLOADS, timeout_seconds=60.0)
        self._uploads: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] in EXEMPT_PATHS:
            await self._application(scope, receive, send)
            return
        source = source_of(auth.client_address(scope))
        is_upload = scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]) is not None
        refusal = limiter.request(source, time.monotonic()) or (
            self._upload_refusal(scope["path"], source) if is_upload else None
        )
        if refusal is not None:
            await reject_over_limit(scope, receive, send, refusal)
            return
        if not is_upload:
            await self._run_in_slot(scope, receive, send)
            return
        self._uploads[source] += 1
        try:
            await self._run_in_slot(scope, receive, send)
        finally:
            self._uploads[source] -= 1
            self._uploads += Counter()  # drops sources whose count is zero

    def _upload_refusal(self, path: str, source: str) -> Refusal | None:
        level = Level.NEWCOMERS if VISITOR_UPLOAD.match(path) else Level.MESSAGES
        if refusal := limiter.refuse_if_shedding(level):
            return refusal
        if self._uploads[source] >= MAX_UPLOADS_PER_ADDRESS:
            return limiter.refuse(Refusal("address.uploads", RETRY_SECONDS))
        if self._uploads.total() >= MAX_UPLOADS:
            return limiter.refuse(Refusal("process.uploads", RETRY_SECONDS, is_busy=True))
        return None

    async def _run_in_slot(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on. It holds a slot from the end of its body to the start of its response,
        so that slow uploads and downloads do not occupy one."""
        slots = self._slots_for(scope)
        has_slot = False
        refusal: Refusal | None = None

        async def receive_then_acquire() -> Any:
            # Django takes a thread once the body is complete.
            nonlocal has_slot, refusal
            message = await receive()
            is_complete = message["type"] == "http.request" and not message.get("more_body")
            if is_complete and not has_slot:
                has_slot = await slots.acquire()
                if not has_slot:
                    refusal = limiter.refuse(Refusal(slots.name, RETRY_SECONDS, is_busy=True))
                    return {"type": "http.disconnect"}
            return message

        async def release_then_send(message: Any) -> None:
            nonlocal has_slot
            if has_slot:
                has_slot = False
                slots.release()
            await send(message)

        try:
            await self._application(scope, receive_then_acquire, release_then_send)
        finally:
            if has_slot:
                slots.release()
        if refusal is not None:
            await reject_over_limit(scope, _receive_nothing, send, refusal)

    def _slots_for(self, scope: Any) -> Slots:
        if scope["method"] != "POST":
            return self._pages
        if scope["path"] in PASSWORD_PATHS:
            return self._sign_ins
        if scope["path"] == "/profile/" or UPLOAD.fullmatch(scope["path"]):
            return self._files
        return self._pages


async def _receive_nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}
