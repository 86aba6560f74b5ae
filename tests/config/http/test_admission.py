"""The limit of concurrent requests: which ones wait, which are rejected, and with what response."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from config.http.admission import MAX_UPLOADS, MAX_UPLOADS_PER_ADDRESS, Admission, Slots
from config.http.body_limit import BodyLimit
from livechat.asgi_responses import respond
from livechat.domain.overload import Level
from livechat.limiter import limiter
from tests.asgi import Exchange

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
        await respond(scope, send, 200, b"ok", more_body=True)
        await self.sends_on.wait()
        await send({"type": "http.response.body", "body": b""})


def send_requests(application, times, method="GET", path="/dashboard/", **fields):
    """Send `times` requests."""
    return [Exchange(application, method, path, **fields).start() for _ in range(times)]


async def finished(*requests: Exchange) -> None:
    await asyncio.gather(*(request.finish() for request in requests))


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_so_many_are_worked_on_and_the_others_wait_their_turn():
    django = Django()
    requests = send_requests(Admission(django), 100)
    await settled()
    at_once = django.at_work

    django.may_end.set()
    await finished(*requests)

    assert (at_once, django.most) == (32, 32)
    assert {request.status for request in requests} == {200}


@pytest.mark.parametrize("path", ["/login/", "/profile/password/"])
async def test_passwords_are_checked_three_at_once_and_pages_go_on_meanwhile(path):
    django = Django()
    application = Admission(django)
    send_requests(application, 50, "POST", path)
    await settled()
    checked = django.at_work

    [page] = send_requests(application, 1)
    await settled()

    assert (checked, django.at_work) == (3, 4)
    django.may_end.set()
    await page.finish()


async def test_when_too_many_wait_one_is_refused_with_the_time_to_come_back():
    django = Django()
    requests = send_requests(Admission(django), 100, "POST", "/login/")
    await settled()
    refused = [request for request in requests if request.status]

    assert len(refused) == 100 - 3 - 64
    assert {request.status for request in refused} == {503}
    assert refused[0].headers["retry-after"] == "2"
    assert refused[0].json == {"error": {"code": "unavailable", "retry_after": 2}}
    assert limiter.refused["process.sign_ins"] == len(refused)
    django.may_end.set()
    await finished(*requests)


async def test_waiting_for_a_slot_ends_after_the_timeout():
    slots = Slots("process.pages", limit=1, queue_size=5, timeout_seconds=0.02)

    assert await slots.acquire()
    assert not await slots.acquire()
    slots.release()
    assert await slots.acquire()


async def test_a_slow_upload_takes_no_slot_from_others():
    django = Django()
    application = Admission(django)
    slow = send_requests(application, 200, "POST", "/admin/", is_held_back=True)
    await settled()

    [page] = send_requests(application, 1, client="192.0.2.2")
    django.may_end.set()
    await page.finish()

    assert page.status == 200
    for request in slow:
        request.send_body()
    await finished(*slow)


async def test_a_slow_reader_takes_no_slot_from_others():
    django = Django()
    application = Admission(django)
    django.may_end.set()
    django.sends_on.clear()
    slow = send_requests(application, 200)
    await settled()

    assert [request.status for request in slow] == [200] * 200
    django.sends_on.set()
    await finished(*slow)


async def test_uploads_at_once_are_bounded_for_an_address_and_for_all():
    django = Django()
    application = Admission(django)
    one = send_requests(application, 20, "POST", UPLOAD)
    others = [
        request
        for n in range(2, 8)
        for request in send_requests(
            application, MAX_UPLOADS_PER_ADDRESS, "POST", UPLOAD, client=f"192.0.2.{n}"
        )
    ]
    await settled()
    statuses = [request.status for request in (*one, *others)]

    assert [request.status for request in one].count(429) == 20 - MAX_UPLOADS_PER_ADDRESS
    assert statuses.count(503) == 7 * MAX_UPLOADS_PER_ADDRESS - MAX_UPLOADS
    django.may_end.set()
    await finished(*one, *others)
    again = await Exchange(application, "POST", UPLOAD).run()
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

    request = await Exchange(Admission(django), "POST", path).run()

    assert request.status == status


@pytest.fixture
def no_refills(monkeypatch):
    """Stop the clock, so that no token bucket refills during the test, however slow the machine."""
    monkeypatch.setattr("config.http.admission.time", SimpleNamespace(monotonic=lambda: 1_000.0))


async def test_an_address_with_too_many_requests_gets_429_and_a_time_to_wait(settings, no_refills):
    settings.PEOPLE_PER_ADDRESS = 10  # a burst of two hundred
    django = Django()
    django.may_end.set()
    application = Admission(django)
    requests = send_requests(application, 260)
    await finished(*requests)
    other = await Exchange(application, client="192.0.2.2").run()
    health = await Exchange(application, path="/healthz").run()

    refused = [request for request in requests if request.status == 429]
    assert len(refused) == 60
    assert refused[0].headers["retry-after"] == "1"
    assert (other.status, health.status) == (200, 200)


@pytest.mark.parametrize(
    ("language", "word"), [("de-AT,en;q=0.5", "Gerade"), ("xx", "High"), ("", "High")]
)
async def test_a_refused_page_is_in_the_users_language_and_reloads_itself(
    settings, no_refills, language, word
):
    settings.PEOPLE_PER_ADDRESS = 10
    django = Django()
    django.may_end.set()
    application = Admission(django)
    headers = {"accept": "text/html,*/*", "accept-language": language}
    requests = send_requests(application, 205, headers=headers)
    await finished(*requests)

    last = requests[-1]
    assert last.body.decode().startswith(word)
    assert last.headers["content-type"].startswith("text/plain")
    assert last.headers["refresh"] == last.headers["retry-after"]


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("config.http.body_limit.BODY_SECONDS", 0.02)
    [request] = send_requests(BodyLimit(Django()), 1, "POST", "/login/", is_held_back=True)
    await asyncio.sleep(0.05)
    request.send_body()  # read after the response
    await request.finish()

    assert request.status == 408


async def test_bodies_that_are_in_memory_at_once_are_bounded(monkeypatch):
    monkeypatch.setattr("config.http.body_limit.MAX_BUFFERED", 2_500_000)
    django = Django()
    application = BodyLimit(django)
    posts = send_requests(application, 5, "POST", "/admin/", body=b"a" * 1_000_000)
    await settled()
    early = [post.status for post in posts]
    django.may_end.set()
    await finished(*posts)
    later = await Exchange(application, "POST", "/admin/", body=b"a" * 1_000_000).run()

    assert early == [0, 0, 503, 503, 503]
    assert [post.status for post in (*posts[:2], later)] == [200] * 3
