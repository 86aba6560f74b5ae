"""Identity of a client: tokens, origins, addresses."""

import ipaddress
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.http.request_log import request_id_of
from livechat import auth
from livechat.domain import proxy_headers
from livechat.domain.ip_addresses import network_of, source_of
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


@pytest.fixture
def proxies(settings):
    """Trust the networks 10.0.0.0/8 and 2001:db8:f::/48."""
    settings.TRUSTED_PROXIES = (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("2001:db8:f::/48"),
    )


@pytest.fixture
def forwarded(proxies, settings):
    settings.PROXY_HEADERS = "forwarded"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("198.51.100.7:5678", "198.51.100.7"),
        ("[2001:db8::7]:5678", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:c633:6407]:80", "198.51.100.7"),
        ("fe80::7%eth0", "fe80::7"),
        ("[fe80::7%25eth0]:80", "fe80::7"),
        ("198.51.100.7, 10.0.0.2:443, [2001:db8:f::2]:443", "198.51.100.7"),
        ("198.51.100.7, ::ffff:10.0.0.2", "198.51.100.7"),
    ],
)
def test_addresses_are_read_as_proxies_write_them(proxies, written, address):
    assert auth.client_address(scope("10.0.0.1", x_forwarded_for=written)) == address


@pytest.mark.parametrize(
    "garbage",
    [
        *("", ",", "unknown", "_hidden", "198.51.100.7:80:80", "[198.51.100.7", "1.2.3", "::1]:80"),
        *("1" * 60_000, "fe80::7%" + "x" * 60_000, "[::1]:" + "8" * 60_000, "\uff11.2.3.4", "\xa0"),
        *("for=198.51.100.7", "198.51.100.7;", "2001:db8::7/64", "0x1.2.3.4", "010.0.0.1"),
        *("[1.2.3.4]", "1.2.3.4%0"),
    ],
)
def test_an_entry_that_is_no_address_ends_the_walk_at_its_proxy(proxies, garbage):
    header = f"198.51.100.7, {garbage}".encode("utf-8", "replace").decode("latin-1")

    seen = auth.client_address(scope("10.0.0.1", x_forwarded_for=header))

    assert seen == "10.0.0.1"


def test_a_socket_for_ipv6_and_ipv4_sees_the_same_proxies(proxies):
    mapped = scope("::ffff:10.0.0.1", x_forwarded_for="198.51.100.7", x_forwarded_proto="https")

    assert auth.client_address(mapped) == "198.51.100.7"
    assert auth.came_over_tls(mapped)


def test_a_mapped_visitor_counts_as_the_ipv4_one():
    mapped = auth.client_address(scope("::ffff:198.51.100.7"))

    assert mapped == "198.51.100.7"
    assert source_of(mapped) == source_of("::ffff:198.51.100.7") == "198.51.100.7"
    assert network_of(mapped) == network_of("::ffff:198.51.100.7") == "198.51.100.0/24"


def test_a_zone_does_not_make_another_visitor():
    assert auth.client_address(scope("fe80::7%eth0")) == "fe80::7"
    assert source_of("fe80::7%eth0") == source_of("fe80::8%eth1") == "fe80::"
    assert network_of("fe80::7%eth0") == "fe80::/48"


@pytest.mark.parametrize("peer", ["", "testclient", "/run/livechat.sock"])
def test_a_peer_without_an_address_is_no_proxy(proxies, peer):
    assert auth.client_address(scope(peer, x_forwarded_for="198.51.100.7")) == peer


def test_a_proxy_that_is_the_client_is_the_client(proxies):
    assert auth.client_address(scope("10.0.0.1")) == "10.0.0.1"
    assert auth.client_address(scope("10.0.0.1", x_forwarded_for="10.0.0.9")) == "10.0.0.9"


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("[2001:db8:1:2::9]:4711", "2001:db8:1:2::"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_chats_count_for_an_ipv4_address_or_an_ipv6_network(proxies, address, source):
    assert auth.source_of_visitor(scope("10.0.0.1", x_forwarded_for=address)) == source
    assert auth.source_of_visitor(scope(address)) == source


@pytest.mark.parametrize("peer", ["", "testclient", "/run/livechat.sock", "10.0.0.1"])
def test_chats_count_for_nobody_where_only_a_proxy_or_a_socket_is_known(proxies, peer):
    assert auth.source_of_visitor(scope(peer)) == ""


def test_the_header_that_is_not_chosen_is_not_believed(proxies, settings):
    both = scope(
        "10.0.0.1",
        x_forwarded_for="198.51.100.7",
        x_forwarded_proto="http",
        forwarded="for=203.0.113.66;proto=https",
    )

    assert auth.client_of(both) == ("198.51.100.7", "http")
    settings.PROXY_HEADERS = "forwarded"
    assert auth.client_of(both) == ("203.0.113.66", "https")


def test_without_the_chosen_header_the_other_is_not_a_substitute(forwarded):
    only_other = scope("10.0.0.1", x_forwarded_for="198.51.100.7", x_forwarded_proto="https")

    assert auth.client_of(only_other) == ("10.0.0.1", "")


@pytest.mark.parametrize(
    ("header", "client"),
    [
        ("for=198.51.100.7", ("198.51.100.7", "")),
        ("For=198.51.100.7;Proto=HTTPS;by=10.0.0.1", ("198.51.100.7", "https")),
        ('for="198.51.100.7:5678"; proto=https', ("198.51.100.7", "https")),
        ('for="[2001:db8::7]:4711"', ("2001:db8::7", "")),
        ('for="[2001:db8::7]:_port"', ("2001:db8::7", "")),
        ("for=[2001:db8::7]:4711", ("2001:db8::7", "")),
        (r'for="198.51.100\.7"', ("198.51.100.7", "")),
        ("for=198.51.100.7;", ("198.51.100.7", "")),
        ("for=198.51.100.7;proto=https, for=10.0.0.2;proto=http", ("198.51.100.7", "https")),
        ("for=203.0.113.66, for=198.51.100.7;proto=http", ("198.51.100.7", "http")),
        ("for=203.0.113.66;proto=https, for=unknown;proto=http", ("10.0.0.1", "http")),
        ("for=203.0.113.66, for=_hidden, for=10.0.0.2", ("10.0.0.2", "")),
        ("for=203.0.113.66, proto=https", ("10.0.0.1", "https")),
        ('for=198.51.100.7;host="a, for=203.0.113.66"', ("198.51.100.7", "")),
        (r'for=198.51.100.7;host="a\", for=203.0.113.66, \""', ("198.51.100.7", "")),
        (r'for=198.51.100.7;host="\\"', ("198.51.100.7", "")),
        ('for="203.0.113.66, for=198.51.100.7', ("198.51.100.7", "")),
        ('for="203.0.113.66, for=203.0.113.66, for="198.51.100.7"', ("198.51.100.7", "")),
        ("for=198.51.100.7;for=203.0.113.66", ("10.0.0.1", "")),
        ("for", ("10.0.0.1", "")),
        ("for=", ("10.0.0.1", "")),
        ("198.51.100.7", ("10.0.0.1", "")),
        ("", ("10.0.0.1", "")),
        (',;="\\,;;="', ("10.0.0.1", "")),
        ("for=" + "1" * 60_000, ("10.0.0.1", "")),
    ],
)
def test_forwarded_is_read_from_the_right(forwarded, header, client):
    assert auth.client_of(scope("10.0.0.1", forwarded=header)) == client


def test_a_header_in_several_lines_is_one_list(forwarded, settings):
    lines = [b"for=203.0.113.66", b'for="198.51.100.7:80";proto=https', b"for=10.0.0.2;proto=http"]
    several = scope("10.0.0.1")
    several["headers"] += [(b"forwarded", line) for line in lines]
    several["headers"] += [(b"x-forwarded-for", ip) for ip in (b"198.51.100.8", b"10.0.0.2")]

    assert auth.client_of(several) == ("198.51.100.7", "https")
    settings.PROXY_HEADERS = "x-forwarded"
    assert auth.client_address(several) == "198.51.100.8"


@pytest.mark.parametrize(
    ("kind", "name", "entry"),
    [
        ("x-forwarded", "x-forwarded-for", "10.0.0.{}"),
        ("forwarded", "forwarded", "for=10.0.0.{}"),
        ("forwarded", "forwarded", 'for="10.0.0.{}:80"'),
    ],
)
def test_ten_thousand_entries_cost_no_more_than_a_few(
    proxies, settings, monkeypatch, kind, name, entry
):
    settings.PROXY_HEADERS = kind
    many = scope("10.0.0.1")
    header = ",".join(entry.format(n % 200 + 2) for n in range(10_000)).encode()
    many["headers"].append((name.encode(), header))
    looked_at: list[str] = []

    def is_among(address: str, _networks: object) -> bool:
        looked_at.append(address)
        return True

    monkeypatch.setattr(auth, "is_among", is_among)

    seen = auth.client_address(many)

    assert len(looked_at) == 1 + proxy_headers.MAX_HOPS
    assert seen == looked_at[-1]


@given(st.binary(max_size=300))
def test_no_header_makes_the_walk_fail(header):
    for_all = proxy_headers.client_of_forwarded(header, "10.0.0.1", lambda address: True)
    x_for_all = proxy_headers.client_of_x_forwarded(header, header, "10.0.0.1", lambda _: True)

    for address in (for_all.address, x_for_all.address):
        assert address == str(ipaddress.ip_address(address))


@given(st.text(alphabet='for=by;,"\\1.20:[] ', max_size=60).map(str.encode))
def test_no_prefix_of_a_client_changes_what_the_proxy_added(prefix):
    added = prefix + b', for="198.51.100.7:80";host="a\\", for=203.0.113.66";proto=https'

    found = proxy_headers.client_of_forwarded(added, "10.0.0.1", lambda ip: ip == "10.0.0.1")

    assert found == ("198.51.100.7", "https")


def test_an_entry_is_read_whole_or_not_at_all(forwarded):
    for cut_off in range(len("xfor=198.51.100.7")):
        inner = ",for=10.0.0.2;x="
        inner += "y" * (proxy_headers.MAX_FORWARDED - len("xfor=198.51.100.7") - len(inner))
        header = "xfor=198.51.100.7" + inner + "y" * cut_off

        seen = auth.client_address(scope("10.0.0.1", forwarded=header))

        assert seen == "10.0.0.2"


def test_request_ids_are_accepted_from_the_same_proxies(proxies):
    named = {"x_request_id": "from-the-proxy"}

    assert auth.comes_from_proxy(scope("::ffff:10.0.0.1", **named))
    assert request_id_of(scope("::ffff:10.0.0.1", **named)) == "from-the-proxy"
    assert request_id_of(scope("203.0.113.9", **named)) != "from-the-proxy"


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
