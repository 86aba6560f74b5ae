"""Which websites may embed a widget: entries of the list, and origins that browsers send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import origins
from livechat.domain.origins import OriginError


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://shop.example", "https://shop.example"),
        ("  HTTPS://Shop.Example/ ", "https://shop.example"),
        ("shop.example", "https://shop.example"),
        ("shop.example:8443", "https://shop.example:8443"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80/", "http://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://*.shop.example", "https://*.shop.example"),
        ("*.shop.example", "https://*.shop.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://192.168.1.20:8080", "http://192.168.1.20:8080"),
    ],
)
def test_an_origin_is_stored_the_way_browsers_write_it(written, stored):
    assert origins.parse(written) == [stored]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("null", "null"),
        ("javascript:alert(1)", "not_an_origin"),
        ("javascript://alert", "scheme"),
        ("ftp://shop.example", "scheme"),
        ("https://shop.example/cart", "path"),
        ("https://shop.example?x=1", "path"),
        ("https://*", "wildcard"),
        ("https://*.com", "wildcard"),
        ("https://shop.*.example", "wildcard"),
        ("https://*shop.example", "wildcard"),
        ("https://user:pass@shop.example", "not_an_origin"),
        ("https://shop.example:99999", "not_an_origin"),
        ("https://shop example", "not_an_origin"),
        ("https://shop.example; script-src x", "not_an_origin"),
        ("https://", "not_an_origin"),
        ("https://[::1]", "not_an_origin"),
        ("https://-shop.example", "not_an_origin"),
        ("https://" + "a" * 64 + ".example", "not_an_origin"),
    ],
)
def test_what_is_no_origin_is_refused_and_named(written, problem):
    with pytest.raises(OriginError) as caught:
        origins.parse(f"https://fine.example\n{written}")

    assert caught.value.problem == problem


def test_each_origin_is_kept_once_and_empty_lines_are_none():
    assert origins.parse("\nhttps://a.example\r\n\na.example/\n") == ["https://a.example"]


def test_more_than_fifty_are_refused():
    with pytest.raises(OriginError) as caught:
        origins.parse("\n".join(f"https://shop{number}.example" for number in range(51)))

    assert caught.value.problem == "too_many"


@pytest.mark.parametrize(
    ("patterns", "origin", "allowed"),
    [
        ([], "https://anywhere.example", True),
        ([], "null", False),
        ([], "", False),
        ([], "chrome-extension://abc", False),
        (["https://shop.example"], "https://shop.example", True),
        (["https://shop.example"], "http://shop.example", False),
        (["https://shop.example"], "https://shop.example:8443", False),
        (["https://shop.example"], "https://shop.example.evil.com", False),
        (["https://shop.example"], "https://evil-shop.example", False),
        (["https://shop.example"], "null", False),
        (["https://*.shop.example"], "https://www.shop.example", True),
        (["https://*.shop.example"], "https://a.b.shop.example", True),
        (["https://*.shop.example"], "https://shop.example", False),
        (["https://*.shop.example"], "https://evilshop.example", False),
        (["https://*.shop.example"], "http://www.shop.example", False),
        (["https://*.shop.example"], "https://www.shop.example:444", False),
        (["https://*.shop.example:444"], "https://www.shop.example:444", True),
        (["https://a.example", "https://b.example"], "https://b.example", True),
    ],
)
def test_an_origin_is_allowed_if_a_pattern_matches(patterns, origin, allowed):
    assert origins.is_allowed(patterns, origin) is allowed


@given(st.text(max_size=80))
def test_whatever_is_written_is_an_origin_or_refused(text):
    try:
        found = origins.parse(text)
    except OriginError:
        return
    for pattern in found:
        assert origins.parse(pattern) == [pattern]
        assert not set(pattern) & set(" ;,'\"\r\n\t")
        assert pattern.isascii()
