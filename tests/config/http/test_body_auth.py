"""Which senders' bodies are received: this is decided before the body, so a stranger's is not."""

import asyncio
import ipaddress
import uuid

import pytest
from django.conf import settings as configured
from django.contrib.auth import get_user_model
from django.test import Client

from config.asgi import http_application
from config.http.body_limit import MAX_ANONYMOUS, MAX_UPLOAD, MIB
from livechat import auth
from livechat.database import database_time
from livechat.models import Attachment, Channel
from livechat.services import attachments
from tests import factories
from tests.asgi import Exchange
from tests.livechat.files.samples import kept

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = "/dashboard/files/"


def exchange(
    path: str, size: int = MAX_UPLOAD, *, method: str = "POST", client: str = "", **headers: str
) -> Exchange:
    """Return a request with a body of `size` bytes, by default from an address of its own."""
    given = {"accept": "application/json", "content-length": str(size), **headers}
    return Exchange(
        http_application,
        method,
        path,
        headers={name.replace("_", "-"): value for name, value in given.items() if value},
        body=b"a" * size,
        client=client or f"192.0.2.{uuid.uuid4().int % 250}",
    )


def ask(path: str, size: int = MAX_UPLOAD, **fields: str) -> Exchange:
    """Send a request outside the event loop, where tests may use the database."""
    return asyncio.run(exchange(path, size, **fields).run())


def code(request: Exchange) -> str:
    return str(request.json["error"]["code"])


def upload_path(channel: Channel) -> str:
    return f"/widget/{channel.key}/files/"


def token(visitor, channel: Channel) -> str:
    return f"Visitor {auth.visitor_token(visitor.visitor, channel.key)}"


def cookie(user) -> str:
    client = Client()
    client.force_login(user)
    name = configured.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


def was_not_received(request: Exchange) -> bool:
    return request.received <= MAX_ANONYMOUS and request.headers["connection"] == "close"


@pytest.mark.parametrize("given", ["", "Visitor x", "Bearer x", "Visitor ü"])
def test_a_stranger_is_refused_before_the_file_is_received(
    berlin, given, django_assert_num_queries
):
    with django_assert_num_queries(0):
        request = ask(upload_path(berlin), authorization=given)

    assert (request.status, code(request)) in ((401, "auth_required"), (401, "token_invalid"))
    assert was_not_received(request)


def test_a_token_of_another_channel_opens_none(berlin, vera):
    other = factories.channel("Hamburg")

    request = ask(upload_path(berlin), authorization=token(vera, other))

    assert (request.status, code(request)) == (401, "token_invalid")
    assert was_not_received(request)


def test_a_channel_that_is_gone_or_takes_no_files_receives_none(berlin, vera):
    berlin.file_set = "none"
    berlin.save()
    off = ask(upload_path(berlin), MIB, authorization=token(vera, berlin))
    berlin.is_active = False
    berlin.save()
    gone = ask(upload_path(berlin), MIB, authorization=token(vera, berlin))

    assert (off.status, code(off)) == (403, "files_off")
    assert (gone.status, code(gone)) == (404, "not_found")
    assert was_not_received(off)
    assert was_not_received(gone)


def test_a_file_that_is_too_large_for_its_channel_is_not_received(berlin, vera):
    berlin.max_file_megabytes = 1
    berlin.save()

    request = ask(upload_path(berlin), 3 * MIB, authorization=token(vera, berlin))

    assert (request.status, code(request)) == (413, "too_large")
    assert was_not_received(request)


def test_an_upload_that_does_not_say_its_length_is_not_received(berlin, vera):
    request = ask(
        upload_path(berlin),
        authorization=token(vera, berlin),
        content_length="",
        transfer_encoding="chunked",
    )

    assert (request.status, code(request)) == (411, "length_required")
    assert was_not_received(request)


def test_files_that_wait_to_be_sent_leave_no_room_for_more(berlin, vera, tmp_path, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    for _ in range(attachments.MAX_PENDING):
        kept(vera, berlin)

    request = ask(upload_path(berlin), MIB, authorization=token(vera, berlin))

    assert (request.status, code(request)) == (422, "too_many_files")
    assert was_not_received(request)
    assert Attachment.objects.count() == attachments.MAX_PENDING


@pytest.fixture
def within_ten_minutes(monkeypatch):
    """Stop the clock of the ten-minute limit, so that no new period begins during the test."""
    at = database_time.now()
    monkeypatch.setattr("livechat.services.upload_limits.database_time.now", lambda: at)


def test_one_address_brings_sixty_files_in_ten_minutes(berlin, within_ten_minutes):
    def one() -> Exchange:
        visitor = token(factories.visitor(berlin), berlin)
        return ask(upload_path(berlin), 10, authorization=visitor, client="198.51.100.7")

    *requests, last = [one() for _ in range(attachments.UPLOADS.amount + 1)]

    assert {request.status for request in requests} == {400}  # not a form, so without a file
    assert (last.status, code(last)) == (429, "rate_limited")
    assert 0 < int(last.headers["retry-after"]) <= 600


def test_the_address_behind_our_proxy_counts(berlin, settings, within_ten_minutes):
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("127.0.0.0/8"),)

    def upload_status(forwarded: str) -> int:
        who = token(factories.visitor(berlin), berlin)
        fields = {"authorization": who, "x_forwarded_for": forwarded, "client": "127.0.0.1"}
        return ask(upload_path(berlin), 10, **fields).status

    first = [upload_status("203.0.113.1") for _ in range(attachments.UPLOADS.amount + 1)]

    assert first[-1] == 429
    assert upload_status("203.0.113.2") == 400
    assert (
        upload_status("203.0.113.2, 203.0.113.1") == 429
    )  # addresses claimed by the client do not count


def test_bytes_are_counted_before_they_come_and_though_they_never_come(
    berlin, vera, within_ten_minutes
):
    berlin.max_file_megabytes = 50
    berlin.save()

    def one() -> Exchange:
        visitor = token(vera, berlin)
        gone = exchange(upload_path(berlin), 50 * MIB, authorization=visitor, client="198.51.100.8")
        gone.disconnect()
        return asyncio.run(gone.run())

    statuses = [one().status for _ in range(5)]

    assert statuses == [0, 0, 0, 0, 429]


@pytest.mark.parametrize("given", ["", "sessionid=x", "sessionid=ü; csrftoken=x"])
def test_a_user_who_is_not_signed_in_sends_no_file_to_the_dashboard(db, given):
    request = ask(STAFF, cookie=given)

    assert (request.status, code(request)) == (401, "auth_required")
    assert was_not_received(request)


def test_a_user_who_answers_no_chats_sends_no_file(db):
    request = ask(STAFF, MIB, cookie=cookie(factories.user("carl")))

    assert (request.status, code(request)) == (403, "forbidden")
    assert was_not_received(request)


def test_an_operators_file_is_received_and_one_whose_account_is_off_sends_none(anna):
    session = cookie(anna.user)
    received = ask(STAFF, 2 * MIB, cookie=session)
    anna.user.is_active = False
    anna.user.save()
    refused = ask(STAFF, 2 * MIB, cookie=session)

    assert (received.status, received.received) == (403, 2 * MIB)  # without a CSRF token
    assert (refused.status, code(refused)) == (401, "auth_required")
    assert was_not_received(refused)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/profile/", "POST"),
        ("/admin/livechat/channel/add/", "POST"),
        ("/login/", "POST"),
        ("/nowhere/", "POST"),
        ("/dashboard/", "GET"),
        ("/dashboard/files/", "PUT"),
    ],
)
def test_a_long_form_needs_a_session(db, path, method):
    request = ask(path, MAX_ANONYMOUS + 1, method=method)

    assert (request.status, code(request)) == (403, "forbidden")
    assert was_not_received(request)


def test_a_user_sees_that_the_form_is_too_old(db):
    request = ask("/profile/", MIB, accept="text/html")

    assert request.status == 403
    assert b"This form has expired" in request.body
    assert b'href="/profile/"' in request.body


def test_a_short_form_needs_none_and_a_long_one_of_staff_is_received(anna):
    short = ask("/login/", 1_000)
    long = ask("/profile/", MIB, cookie=cookie(anna.user))

    assert short.received == 1_000
    assert long.received == MIB


def test_large_bodies_are_for_posting_alone(anna):
    request = ask(STAFF, 2 * MIB, method="PUT", cookie=cookie(anna.user))

    assert request.status == 413


def test_a_session_of_a_password_that_was_changed_is_none(anna):
    session = cookie(anna.user)
    user = get_user_model().objects.get(pk=anna.user_id)
    user.set_password("another long password 43")
    user.save()

    request = ask("/profile/", MIB, cookie=session)

    assert request.status == 403
    assert was_not_received(request)
