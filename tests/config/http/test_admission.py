"""The limit of concurrent requests: which ones wait, which are rejected, and with what response."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from config.http.admission import MAX_UPLOADS, MAX_UPLOADS_PER_ADDRESS, Admission, Slots
from config.http.body_limit import BodyLimit
from livechat.domain.overload import Level
from livechat.limiter import limiter

UPLOAD = "/widget/abc123/files/"


class Django:
    """An application that reads the body, works until `may_end` is set, and responds."""

    def __init__(self) -> None:
        self.at_work = 0
        self.most = 0
        self.may_end = asyncio.Event()
        self.sends_on = asyncio.Event()
        self.sends_on.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            if not message["more_body"]:
                break
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await self.may_end.wait()
        self.at_work -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.sends_on.wait()
        await send({"type": "http.response.body", "body": b"ok"})


class Request:
    """One request in progress. Its body is complete when `whole` is set."""

    def __init__(self, door: Any, method: str, path: str, *, address: str, **headers: str) -> None:
        self.whole = asyncio.Event()
        self.answer: dict[str, Any] = {}
        self.body = b""
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "client": (address, 1),
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
            ],
        }
        self.task = asyncio.create_task(door(self.scope, self._receive, self._send))

    @property
    def status(self) -> int:
        return int(self.answer.get("status", 0))

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.answer["headers"])

    async def _receive(self) -> Any:
        await self.whole.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.answer = message
        else:
            self.body += message["body"]


def asked(door, times, *, method="GET", path="/dashboard/", address="192.0.2.1", **headers):
    """Send `times` requests with complete bodies."""
    found = [Request(door, method, path, address=address, **headers) for _ in range(times)]
    for request in found:
        request.whole.set()
    return found


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_so_many_are_worked_on_and_the_others_wait_their_turn():
    django = Django()
    requests = asked(Admission(django), 100)
    await settled()
    at_once = django.at_work

    django.may_end.set()
    await asyncio.gather(*(request.task for request in requests))

    assert (at_once, django.most) == (32, 32)
    assert {request.status for request in requests} == {200}


@pytest.mark.parametrize("path", ["/login/", "/profile/password/"])
async def test_passwords_are_checked_three_at_once_and_pages_go_on_meanwhile(path):
    django = Django()
    door = Admission(django)
    asked(door, 50, method="POST", path=path)
    await settled()
    checked = django.at_work

    page = asked(door, 1)[0]
    await settled()

    assert (checked, django.at_work) == (3, 4)
    django.may_end.set()
    await page.task


async def test_when_too_many_wait_one_is_refused_with_the_time_to_come_back():
    django = Django()
    requests = asked(Admission(django), 100, method="POST", path="/login/")
    await settled()
    refused = [request for request in requests if request.status]

    assert len(refused) == 100 - 3 - 64
    assert {request.status for request in refused} == {503}
    assert refused[0].headers[b"retry-after"] == b"2"
    assert json.loads(refused[0].body) == {"error": {"code": "unavailable", "retry_after": 2}}
    assert limiter.refused["process.sign_ins"] == len(refused)
    django.may_end.set()
    await asyncio.gather(*(request.task for request in requests))


async def test_nobody_waits_for_ever():
    slots = Slots("process.pages", limit=1, queue_size=5, timeout_seconds=0.02)

    assert await slots.acquire()
    assert not await slots.acquire()
    slots.release()
    assert await slots.acquire()


async def test_who_sends_slowly_takes_nobodys_place():
    django = Django()
    door = Admission(django)
    slow = [Request(door, "POST", "/admin/", address="192.0.2.1") for _ in range(200)]
    await settled()

    page = asked(door, 1, address="192.0.2.2")[0]
    django.may_end.set()
    await page.task

    assert page.status == 200
    for request in slow:
        request.whole.set()
    await asyncio.gather(*(request.task for request in slow))


async def test_who_reads_slowly_takes_nobodys_place():
    django = Django()
    door = Admission(django)
    django.may_end.set()
    django.sends_on.clear()
    slow = asked(door, 200)
    await settled()

    assert [request.status for request in slow] == [200] * 200
    django.sends_on.set()
    await asyncio.gather(*(request.task for request in slow))


async def test_uploads_at_once_are_bounded_for_an_address_and_for_all():
    django = Django()
    door = Admission(django)
    one = asked(door, 20, method="POST", path=UPLOAD)
    others = [
        asked(door, MAX_UPLOADS_PER_ADDRESS, method="POST", path=UPLOAD, address=f"192.0.2.{n}")
        for n in range(2, 8)
    ]
    await settled()
    statuses = [request.status for group in (one, *others) for request in group]

    assert [request.status for request in one].count(429) == 20 - MAX_UPLOADS_PER_ADDRESS
    assert statuses.count(503) == 7 * MAX_UPLOADS_PER_ADDRESS - MAX_UPLOADS
    django.may_end.set()
    await asyncio.gather(*(request.task for group in (one, *others) for request in group))
    again = asked(door, 1, method="POST", path=UPLOAD)[0]
    await again.task
    assert again.status == 200


@pytest.mark.parametrize(
    ("path", "level", "status"),
    [
        (UPLOAD, Level.PRESENCE, 200),
        (UPLOAD, Level.NEWCOMERS, 503),
        ("/dashboard/files/", Level.NEWCOMERS, 200),
        ("/dashboard/files/", Level.MESSAGES, 503),
    ],
)
async def test_a_busy_process_takes_no_files(path, level, status):
    django = Django()
    django.may_end.set()
    limiter.level = level

    [request] = asked(Admission(django), 1, method="POST", path=path)
    await request.task

    assert request.status == status


@pytest.fixture
def no_time(monkeypatch):
    """Stop the clock, so that no token bucket refills during the test, however slow the machine."""
    monkeypatch.setattr("config.http.admission.time", SimpleNamespace(monotonic=lambda: 1_000.0))


async def test_an_address_that_asks_too_much_is_told_to_wait(settings, no_time):
    settings.PEOPLE_PER_ADDRESS = 10  # a burst of two hundred
    django = Django()
    django.may_end.set()
    door = Admission(django)
    requests = asked(door, 260)
    await asyncio.gather(*(request.task for request in requests))
    other = asked(door, 1, address="192.0.2.2")[0]
    health = asked(door, 1, path="/healthz")[0]
    await asyncio.gather(other.task, health.task)

    refused = [request for request in requests if request.status == 429]
    assert len(refused) == 60
    assert refused[0].headers[b"retry-after"] == b"1"
    assert (other.status, health.status) == (200, 200)


@pytest.mark.parametrize(
    ("language", "word"), [("de-AT,en;q=0.5", "Gerade"), ("xx", "Very"), ("", "Very")]
)
async def test_a_person_is_told_in_his_language_and_his_browser_asks_again(
    settings, no_time, language, word
):
    settings.PEOPLE_PER_ADDRESS = 10
    django = Django()
    django.may_end.set()
    door = Admission(django)
    headers = {"accept": "text/html,*/*", "accept_language": language}
    requests = asked(door, 205, **headers)
    await asyncio.gather(*(request.task for request in requests))

    last = requests[-1]
    assert last.body.decode().startswith(word)
    assert last.headers[b"content-type"].startswith(b"text/plain")
    assert last.headers[b"refresh"] == last.headers[b"retry-after"]


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("config.http.body_limit.BODY_SECONDS", 0.02)
    request = Request(BodyLimit(Django()), "POST", "/login/", address="192.0.2.1")
    await asyncio.sleep(0.05)
    request.whole.set()  # read after the response
    await request.task

    assert request.status == 408


async def test_bodies_that_are_in_memory_at_once_are_bounded(monkeypatch):
    monkeypatch.setattr("config.http.body_limit.MAX_BUFFERED", 2_500_000)
    django = Django()
    door = BodyLimit(django)
    answers: list[int] = []

    async def post() -> None:
        parts = [(b"a" * 250_000, True)] * 3 + [(b"a" * 250_000, False)]

        async def receive() -> Any:
            body, more = parts.pop(0) if parts else (b"", False)
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answers.append(message["status"])

        scope = {"type": "http", "method": "POST", "path": "/admin/", "headers": []}
        await door(scope, receive, send)

    posts = [asyncio.create_task(post()) for _ in range(5)]
    await settled()
    early = list(answers)
    django.may_end.set()
    await asyncio.gather(*posts)
    await post()

    assert early == [503] * 3
    assert answers[3:] == [200] * 3
