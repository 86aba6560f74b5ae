"""Responses to unexpected errors inside the server."""

import http.client
import json

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from config import error_pages
from config.http import host_and_headers
from config.http.host_and_headers import HostAndHeaders
from tests.asgi import Exchange
from tests.machine.app import App
from tests.machine.ports import free_port


def answered(error: Exception, **headers: str):
    """Return the response of Django's handler for an unexpected exception."""
    try:
        raise error
    except type(error):
        return error_pages.failed(RequestFactory().get("/dashboard/", headers=headers))


def test_an_internal_error_is_a_500_without_details():
    response = answered(ValueError("SELECT secret FROM /work"))

    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_a_database_that_does_not_answer_is_a_503_with_the_time_to_wait():
    response = answered(OperationalError("no such host"))

    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("error", "code"), [(ValueError(), "failed"), (OperationalError(), "unavailable")]
)
def test_programs_get_the_error_code(error, code):
    response = answered(error, accept="application/json")

    assert json.loads(response.content) == {"error": {"code": code}}


@pytest.mark.parametrize("status", [400, 403, 404, 413, 429, 500, 503])
def test_every_page_stands_alone(status, settings):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {"context_processors": []}}]

    response = error_pages.answer(RequestFactory().get("/"), status)

    page = response.content.decode()
    assert response.status_code == status
    assert page.count("<style>") == 1
    assert "<script" not in page
    assert "<link" in page
    assert page.count("href=") == 1


@pytest.mark.parametrize("debug", [False, True])
async def test_djangos_own_pages_may_look_as_they_do_while_debugging(settings, debug):
    settings.DEBUG = debug

    headers = dict(host_and_headers.with_defaults({"scheme": "http"}, [(b"X-Known", b"1")]))

    assert (b"content-security-policy" in headers) is not debug
    assert headers[b"cache-control"] == b"private, no-store"


async def test_what_breaks_outside_of_django_is_answered_by_us_too(caplog):
    async def broken(scope, receive, send):
        raise ValueError("a path and a secret")

    answer = await Exchange(HostAndHeaders(broken)).run()

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert "request.failed" in caplog.text


@pytest.mark.slow
def test_a_real_server_without_its_database_says_503(tmp_path):
    environ = {"DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/none"}
    server = App(tmp_path, environ=environ)
    server.start()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/chat/berlin/")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "Temporarily unavailable" in answer.read().decode()
        connection.close()
    finally:
        server.kill()
