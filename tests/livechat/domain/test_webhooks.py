"""Webhooks, the pure part: permitted targets, signatures, times of retries."""

import ipaddress
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import backoff, signatures, webhook_targets
from livechat.domain.webhook_targets import Target, TargetError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


# --- permitted targets


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", Target(True, "hooks.example.com", 443, "/")),
        ("https://Hooks.Example.com:8443/a?b=c", Target(True, "hooks.example.com", 8443, "/a?b=c")),
        ("https://hooks.example.com./x", Target(True, "hooks.example.com", 443, "/x")),
        ("https://bücher.example/%20", Target(True, "xn--bcher-kva.example", 443, "/%20")),
        ("https://8.8.8.8/", Target(True, "8.8.8.8", 443, "/")),
        ("https://[2606:4700:0::1111]/", Target(True, "2606:4700::1111", 443, "/")),
    ],
)
def test_an_address_is_taken_apart(url, target):
    assert webhook_targets.parse(url, private=False) == target


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://hooks.example.com/x", "hooks.example.com"),
        ("https://hooks.example.com:8443/x", "hooks.example.com:8443"),
        ("https://[2606:4700::1111]:8443/", "[2606:4700::1111]:8443"),
        ("http://127.0.0.1/", "127.0.0.1"),
    ],
)
def test_the_host_header_names_the_port_where_it_is_unusual(url, authority):
    assert webhook_targets.parse(url, private=True).authority == authority


HOSTILE = [
    ("", "scheme"),
    ("hooks.example.com", "scheme"),
    ("http://hooks.example.com/", "scheme"),
    ("ftp://hooks.example.com/", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("gopher://hooks.example.com/_x", "scheme"),
    ("https://", "host"),
    ("https:///path", "host"),
    ("https://user@hooks.example.com/", "userinfo"),
    ("https://user:word@hooks.example.com/", "userinfo"),
    ("https://@hooks.example.com/", "userinfo"),
    ("https://hooks.example.com@127.0.0.1/", "userinfo"),
    ("https://hooks.example.com/#x", "fragment"),
    ("https://hooks.example.com#@127.0.0.1/", "fragment"),
    ("https://hooks.example.com:22/", "port"),
    ("https://hooks.example.com:6379/", "port"),
    ("https://hooks.example.com:0/", "port"),
    ("https://hooks.example.com:99999/", "host"),
    ("https://hooks.example.com:x/", "host"),
    ("https://hooks.example.com/\r\nX: y", "characters"),
    ("https://hooks.example.com/a b", "characters"),
    ("https://hooks.example.com\\@127.0.0.1/", "characters"),
    ("https://hooks.example.com/\x00", "characters"),
    ("https://hooks.example.com/ü", "characters"),
    ("https://127.0.0.1/", "private"),
    ("https://127.0.0.1./", "private"),
    ("https://127.1/", "host"),
    ("https://2130706433/", "host"),
    ("https://0x7f000001/", "host"),
    ("https://0x7f.0.0.1/", "host"),
    ("https://0177.0.0.1/", "host"),
    ("https://0/", "host"),
    ("https://１２７.０.０.１/", "private"),  # noqa: RUF001 - wide digits are the point
    ("https://127。0。0。1/", "private"),
    ("https://%31%32%37.0.0.1/", "host"),
    ("https://0.0.0.0/", "private"),
    ("https://10.0.0.1/", "private"),
    ("https://172.16.0.1/", "private"),
    ("https://192.168.1.1/", "private"),
    ("https://100.64.0.1/", "private"),
    ("https://169.254.169.254/latest/meta-data/", "private"),
    ("https://168.63.129.16/", "private"),
    ("https://224.0.0.1/", "private"),
    ("https://255.255.255.255/", "private"),
    ("https://[::1]/", "private"),
    ("https://[::]/", "private"),
    ("https://[::ffff:127.0.0.1]/", "private"),
    ("https://[::ffff:7f00:1]/", "private"),
    ("https://[::127.0.0.1]/", "private"),
    ("https://[64:ff9b::7f00:1]/", "private"),
    ("https://[2002:7f00:1::]/", "private"),
    ("https://[2001:0:7f00:1::]/", "private"),
    ("https://[fc00::1]/", "private"),
    ("https://[fd00:ec2::254]/", "private"),
    ("https://[fe80::1]/", "private"),
    ("https://[fe80::1%25eth0]/", "private"),
    ("https://[ff02::1]/", "private"),
    ("https://[v1.x]/", "host"),
    ("https://[::1", "host"),
    ("https://localhost/", "private"),
    ("https://localhost./", "private"),
    ("https://LOCALHOST/", "private"),
    ("https://db/", "private"),
    ("https://metadata.google.internal/", "private"),
    ("https://printer.local/", "private"),
    ("https://a..example/", "host"),
    ("https://-a.example/", "host"),
    (f"https://{'a' * 64}.example/", "host"),
    ("https://℀.example/", "host"),
    ("https://hooks.example.com/" + "a" * 2_048, "too_long"),
]


@pytest.mark.parametrize(("url", "problem"), HOSTILE)
def test_a_hostile_address_is_refused(url, problem):
    with pytest.raises(TargetError) as refused:
        webhook_targets.parse(url, private=False)

    assert refused.value.problem == problem


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/x", "http://10.0.0.1/", "https://db:9000/", "http://[::1]:81/"]
)
def test_ones_own_network_can_be_allowed(url):
    assert webhook_targets.parse(url, private=True)


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254"),
        *("0.0.0.0", "::", "224.0.0.1", "ff02::1", "fe80::1", "fe80::1%eth0", "240.0.0.1", "junk"),  # noqa: S104
        *("64:ff9b::a9fe:a9fe", "::ffff:169.254.169.254", "2002:a9fe:a9fe::"),
    ],
)
def test_some_addresses_are_never_open(address):
    assert not webhook_targets.is_open(address, private=True)
    assert not webhook_targets.is_open(address, private=False)


@given(st.ip_addresses())
def test_what_is_open_to_webhooks_is_a_public_address(address):
    if webhook_targets.is_open(str(address), private=False):
        address = getattr(address, "ipv4_mapped", None) or address
        assert address.is_global
        assert not (address.is_multicast)
        assert not (address.is_reserved)
        assert not (address.is_link_local)
        assert webhook_targets.is_open(str(address), private=True)


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_by_itself(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")

    assert webhook_targets.is_open(str(mapped), private=False) == webhook_targets.is_open(
        str(address), private=False
    )


@given(st.text(max_size=60))
def test_whatever_is_written_has_an_answer(text):
    for url in (text, f"https://{text}", f"https://a.example/{text}"):
        try:
            target = webhook_targets.parse(url, private=False)
        except TargetError:
            continue
        assert target.path.startswith("/")
        assert f"{target.host}{target.path}".isascii()


# --- signatures


def test_the_signature_is_that_of_the_standard():
    signature = signatures.sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_changes_both_sign():
    secrets = [signatures.secret(bytes([n]) * 32) for n in (1, 2)]

    headers = signatures.headers(secrets, id="msg_1", moment=NOW, body=b"{}")

    timestamp = int(NOW.timestamp())
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            signatures.sign(secret, id="msg_1", timestamp=timestamp, body=b"{}")
            for secret in secrets
        ),
    }


@given(st.binary(min_size=24, max_size=64))
def test_a_secret_is_its_key_again(key):
    assert signatures.key(signatures.secret(key)) == key


def test_an_invalid_secret_raises_an_error():
    with pytest.raises(ValueError, match="not a secret"):
        signatures.key("whsec_***")


# --- retries


def tries(dice) -> list[datetime]:
    """Return the times of all attempts of a call that always fails at once."""
    moments = [NOW]
    while (
        moment := backoff.next_try(
            len(moments), now=moments[-1], until=NOW + backoff.TRIED_FOR, dice=dice()
        )
    ) is not None:
        moments.append(moment)
    return moments


def test_the_first_waits_are_those_that_are_promised():
    moments = tries(lambda: 0.0)

    waits = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert waits[:7] == list(backoff.STEPS)
    assert set(waits[7:]) == {backoff.STEPS[-1]}


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=20, max_size=20))
def test_a_call_is_tried_ever_more_seldom_for_three_days(dice):
    throws = iter(dice)

    moments = tries(lambda: next(throws))

    waits = [later - sooner for sooner, later in itertools.pairwise(moments)]
    assert 8 <= len(moments) <= 12
    assert moments[-1] <= NOW + timedelta(days=3)
    assert moments[-1] >= NOW + timedelta(days=2)
    for step, wait in zip([*backoff.STEPS, *[backoff.STEPS[-1]] * 9], waits, strict=False):
        assert step <= wait <= step * (1 + backoff.JITTER)


@given(st.integers(1, 30), st.floats(0, 1, exclude_max=True), st.integers(0, 90))
def test_what_the_other_side_asks_for_is_the_least(attempts, dice, hours):
    after = timedelta(hours=hours)
    until = NOW + timedelta(days=3)

    moment = backoff.next_try(attempts, now=NOW, until=until, dice=dice, after=after)

    assert moment is None or NOW + after <= moment <= until
