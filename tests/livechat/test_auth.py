"""Identity of a client: tokens, origins, addresses."""

import ipaddress
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat import auth
from livechat.errors import TokenInvalid
from tests.asgi import http_scope


def scope(client="203.0.113.9", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http_scope(headers=named, client=client)


def test_a_token_names_its_visitor_on_its_channel():
    visitor = uuid.uuid4()

    assert auth.visitor_of(auth.visitor_token(visitor, "abc"), "abc") == visitor


@given(st.text(max_size=120))
def test_no_text_is_a_token(text):
    with pytest.raises(TokenInvalid):
        auth.visitor_of(text, "abc")


def test_without_a_proxy_the_header_is_not_believed():
    assert auth.client_address(scope(x_forwarded_for="1.2.3.4")) == "203.0.113.9"


def test_behind_proxies_the_right_most_stranger_counts(settings):
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)

    def seen(forwarded, client="10.0.0.1"):
        return auth.client_address(scope(client, x_forwarded_for=forwarded))

    assert seen("6.6.6.6, 198.51.100.7, 10.0.0.2") == "198.51.100.7"
    assert seen("198.51.100.7") == "198.51.100.7"
    assert seen("junk, 198.51.100.7") == "198.51.100.7"
    assert seen("198.51.100.7, junk") == "10.0.0.1"
    assert seen("6.6.6.6", client="203.0.113.9") == "203.0.113.9"


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://testserver", "testserver", True),
        ("http://testserver:80", "testserver", True),
        ("https://testserver", "testserver", True),
        ("http://testserver:8000", "testserver:8000", True),
        ("http://TESTSERVER", "testserver", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://testserver:8000", "testserver", False),
        ("http://other", "testserver", False),
        ("null", "testserver", False),
    ],
)
def test_only_our_own_pages_open_sockets(origin, host, own):
    assert auth.is_own_origin(scope(origin=origin, host=host)) is own


def test_two_origins_are_none():
    twice = scope(origin="http://testserver", host="testserver")
    twice["headers"].append((b"origin", b"http://testserver"))

    assert not auth.is_own_origin(twice)


def test_no_host_is_longer_than_a_name_can_be_and_none_such_is_remembered(settings):
    settings.ALLOWED_HOSTS = ["*"]
    before = auth._is_ours.cache_info().currsize

    answers = [
        auth.is_own_host({"headers": [(b"host", b"a" * length)]}) for length in (200, 261, 60_000)
    ]

    assert answers == [True, False, False]
    assert auth._is_ours.cache_info().currsize <= before + 1
