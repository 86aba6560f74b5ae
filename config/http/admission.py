"""How many requests Django works on at once; the others wait their turn, a bounded while.

Django takes a thread for each request. Without a bound, a thousand requests are a thousand threads,
and a hundred passwords to be checked at once are ten gigabytes of memory.
"""

import asyncio
import re
import time
from collections import Counter
from typing import Any

from config.http.body_limit import UPLOAD
from config.http.responses import reject_over_limit
from livechat import auth
from livechat.domain.addresses import source_of
from livechat.domain.overload import Level
from livechat.limits import Refusal, limiter

ALWAYS = frozenset({"/healthz", "/readyz"})
"""Asked by machines that would end the process if it did not answer."""
PASSWORDS = frozenset({"/login/", "/profile/password/"})
"""Where a password is checked."""
VISITORS_UPLOAD = re.compile(r"/widget/")
UPLOADS = 32
UPLOADS_OF_AN_ADDRESS = 8
"""Files that may be on their way at once: two people send three each, and an office waits."""
RETRY_SECONDS = 2.0


class Lane:
    """`at_once` may be in it; `waiting` others wait, `seconds` at most."""

    def __init__(self, name: str, *, at_once: int, waiting: int, seconds: float) -> None:
        self.name = name
        self.waiting = 0
        self._most = waiting
        self._seconds = seconds
        self._places = asyncio.Semaphore(at_once)

    async def enter(self) -> bool:
        """Take a place as soon as there is one; say whether there was. Give it back by `leave`."""
        if self._places.locked() and self.waiting >= self._most:
            return False
        self.waiting += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        self._places.release()


class Admission:
    """Stands before Django. Answers 429 to who asks too much, 503 when there is too much to do."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._pages = Lane("process.pages", at_once=32, waiting=512, seconds=10.0)
        # A password is checked in 100 MiB of memory, a picture written anew in as much.
        self._sign_ins = Lane("process.sign_ins", at_once=3, waiting=64, seconds=10.0)
        self._files = Lane("process.files", at_once=3, waiting=UPLOADS, seconds=60.0)
        self._uploads: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] in ALWAYS:
            await self._application(scope, receive, send)
            return
        place = source_of(auth.client_address(scope))
        is_upload = scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]) is not None
        refusal = limiter.request(place, time.monotonic()) or (
            self._upload_refusal(scope["path"], place) if is_upload else None
        )
        if refusal is not None:
            await reject_over_limit(scope, receive, send, refusal)
            return
        if not is_upload:
            await self._admit(scope, receive, send)
            return
        self._uploads[place] += 1
        try:
            await self._admit(scope, receive, send)
        finally:
            self._uploads[place] -= 1
            self._uploads += Counter()  # forgets who has none

    def _upload_refusal(self, path: str, place: str) -> Refusal | None:
        level = Level.NEWCOMERS if VISITORS_UPLOAD.match(path) else Level.MESSAGES
        if refusal := limiter.shed(level):
            return refusal
        if self._uploads[place] >= UPLOADS_OF_AN_ADDRESS:
            return limiter.refuse(Refusal("address.uploads", RETRY_SECONDS))
        if self._uploads.total() >= UPLOADS:
            return limiter.refuse(Refusal("process.uploads", RETRY_SECONDS, is_busy=True))
        return None

    async def _admit(self, scope: Any, receive: Any, send: Any) -> None:
        """Let a request through to Django when its body is there and there is a place."""
        lane = self._lane(scope)
        is_in = False
        refusal: Refusal | None = None

        async def when_whole() -> Any:
            # Only now does Django take a thread. Who sends slowly holds up nobody.
            nonlocal is_in, refusal
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body") and not is_in:
                is_in = await lane.enter()
                if not is_in:
                    refusal = limiter.refuse(Refusal(lane.name, RETRY_SECONDS, is_busy=True))
                    return {"type": "http.disconnect"}
            return message

        async def noted(message: Any) -> None:
            # What is downloaded slowly holds up nobody either.
            nonlocal is_in
            if is_in:
                is_in = False
                lane.leave()
            await send(message)

        try:
            await self._application(scope, when_whole, noted)
        finally:
            if is_in:
                lane.leave()
        if refusal is not None:
            await reject_over_limit(scope, _nothing_more, send, refusal)

    def _lane(self, scope: Any) -> Lane:
        if scope["method"] != "POST":
            return self._pages
        if scope["path"] in PASSWORDS:
            return self._sign_ins
        if scope["path"] == "/profile/" or UPLOAD.fullmatch(scope["path"]):
            return self._files
        return self._pages


async def _nothing_more() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}
