"""Posting over real connections to receivers that behave well or badly."""

import datetime
import ipaddress
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from livechat.domain.deliveries import Failure
from livechat.integrations.call_results import CallError, GiveUp, Receipt, TryLater
from livechat.integrations.webhooks import LIMIT_SECONDS, MAX_ANSWER, MAX_BODY, post
from tests import receiver
from tests.machine.ports import free_port
from tests.receiver import receiving

HEADERS = {"webhook-id": "msg_1"}
SHORT = 1.0
"""A time-out in seconds, instead of ten, for receivers that never respond."""
LONG = 30.0
"""Longer than any time-out."""
DROPS = round(LONG / receiver.DRIP_SECONDS)


def send(url: str, body: bytes = b"{}", **options) -> Receipt:
    return post(url, body, HEADERS, **{"private": True, **options})


def failure(url: str, **options) -> CallError:
    with pytest.raises(CallError) as failed:
        send(url, **options)
    return failed.value


def test_what_is_posted_arrives_as_it_is():
    with receiving() as place:
        receipt = send(place.url + "?a=b", b'{"a": "\xc3\xa4"}')

    [request] = place.received
    assert receipt.status == 204
    assert 0 <= receipt.seconds < LIMIT_SECONDS
    assert (request.path, request.body) == ("/hook?a=b", b'{"a": "\xc3\xa4"}')
    assert request.headers == {
        "webhook-id": "msg_1",
        "host": f"127.0.0.1:{place.port}",
        "content-length": "11",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_success_will_do(code):
    with receiving(receiver.status(code)) as place:
        assert send(place.url).status == code


@pytest.mark.parametrize("code", [400, 401, 404, 422, 429, 500, 502, 503])
def test_a_refusal_is_tried_again(code):
    with receiving(receiver.status(code)) as place:
        failed = failure(place.url)

    assert isinstance(failed, TryLater)
    assert (failed.failure, failed.status) == (Failure.STATUS, code)
    assert failed.seconds is not None
    assert "secret" not in str(failed)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("120", 120), ("0", 0), ("999999999", 24 * 3600), ("-5", 0), ("soon", 0), ("1" * 40, 0)],
)
def test_a_receivers_retry_after_is_obeyed_up_to_a_day(asked, seconds):
    with receiving(receiver.status(503, Retry_After=asked)) as place:
        failed = failure(place.url)

    assert isinstance(failed, TryLater)
    assert failed.after == datetime.timedelta(seconds=seconds)


def test_gone_is_gone():
    with receiving(receiver.status(410)) as place:
        failed = failure(place.url)

    assert isinstance(failed, GiveUp)
    assert (failed.failure, failed.status) == (Failure.GONE, 410)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code):
    with receiving() as other, receiving(receiver.status(code, Location=other.url)) as place:
        failed = failure(place.url)

    assert (failed.failure, failed.status) == (Failure.REDIRECT, code)
    assert other.received == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (receiver.hang_up, Failure.CONNECTION),
        (receiver.hang(LONG), Failure.TIMEOUT),
        (receiver.drip(b"HTTP/1.1 200 OK\r\nX: ", DROPS), Failure.TIMEOUT),
        (receiver.drip(b"", DROPS), Failure.TIMEOUT),
        (receiver.raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Failure.ANSWER),
        (receiver.raw(b"HTTP/1.1 2OO OK\r\n\r\n"), Failure.ANSWER),
        (receiver.raw(b"\x00" * 100 + b"\r\n"), Failure.ANSWER),
        (receiver.flood(b"HTTP/1.1 200 OK\r\nX: ", 5 * MAX_ANSWER), Failure.ANSWER),
        (receiver.flood(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 99, MAX_ANSWER), Failure.ANSWER),
        (receiver.raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 9_000), Failure.ANSWER),
    ],
)
def test_whatever_an_answer_is_it_is_over_in_time(answer, expected):
    limit = SHORT if expected == Failure.TIMEOUT else LIMIT_SECONDS
    started = time.monotonic()
    with receiving(answer) as place:
        failed = failure(place.url, limit_seconds=limit)
        assert time.monotonic() - started < limit + 5

    assert isinstance(failed, TryLater)
    assert (failed.failure, failed.status) == (expected, None)


@pytest.mark.parametrize(
    "answer",
    [
        receiver.flood(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", 5 * MAX_ANSWER),
        receiver.flood(b"HTTP/1.1 200 OK\r\n\r\n", 5 * MAX_ANSWER),
        receiver.drip(b"HTTP/1.1 200 OK\r\n\r\n", DROPS),
        receiver.raw(b"HTTP/1.1 200 OK\r\nX: "),
        receiver.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        receiver.raw(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
    ],
)
def test_once_it_said_yes_nothing_more_matters(answer):
    started = time.monotonic()
    with receiving(answer) as place:
        assert send(place.url, limit_seconds=3 * SHORT).status == 200
        assert time.monotonic() - started < 3 * SHORT + 5


def test_a_closed_port_is_a_connection_failure():
    assert failure(f"http://127.0.0.1:{free_port()}/").failure == Failure.CONNECTION


def test_too_much_is_not_sent():
    with receiving() as place:
        failed = failure(place.url, body=b"x" * (MAX_BODY + 1))
        assert send(place.url, b"x" * MAX_BODY).status == 204

    assert isinstance(failed, GiveUp)
    assert failed.failure == Failure.TOO_LARGE
    assert len(place.received) == 1


# --- names and addresses


def test_an_address_of_ones_own_network_is_refused_before_anything_is_sent():
    with receiving() as place:
        assert failure(place.url, private=False).failure == Failure.ADDRESS

    assert place.received == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%eth0"],
        ["64:ff9b::7f00:1"],
    ],
)
def test_a_name_that_leads_inside_is_refused(addresses):
    failed = failure(
        "https://hooks.example.com/", private=False, resolve=lambda _host, _port: addresses
    )

    assert isinstance(failed, TryLater)
    assert failed.failure == Failure.ADDRESS


def test_a_name_is_looked_up_once_and_the_connection_goes_where_it_was_judged():
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return answers[len(asked) - 1]

    with receiving() as place:
        url = f"http://rebinding.example:{place.port}/"
        assert send(url, resolve=resolve).status == 204

    assert asked == [("rebinding.example", place.port)]
    assert place.received[0].headers["host"] == f"rebinding.example:{place.port}"


def test_an_address_that_does_not_answer_leaves_time_for_the_next():
    with receiving() as place:
        url = f"http://two.example:{place.port}/"
        # 127.0.0.2 refuses at once: no address on loopback keeps a connection waiting.
        assert send(url, resolve=lambda _host, _port: ["127.0.0.2", "127.0.0.1"]).status == 204


def test_an_unknown_host_name_is_a_failure():
    def resolve(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    assert failure("https://hooks.example.com/", resolve=resolve).failure == Failure.NAME
    nowhere = failure("https://hooks.example.com/", resolve=lambda _host, _port: [])
    assert nowhere.failure == Failure.NAME


def test_a_resolver_that_takes_for_ever_is_not_waited_for():
    released = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        released.wait(LONG)
        return []

    started = time.monotonic()
    failed = failure("https://hooks.example.com/", resolve=resolve, limit_seconds=SHORT)
    taken = time.monotonic() - started
    released.set()

    assert failed.failure == Failure.TIMEOUT
    assert taken < SHORT + 5


# --- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the files of a certificate for hooks.example.com and of its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = [x509.DNSName("hooks.example.com"), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@pytest.fixture
def secured(certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def test_a_certificate_of_an_unknown_authority_is_refused(secured):
    with receiving(secured=secured) as place:
        failed = failure(f"https://hooks.example.com:{place.port}/", resolve=here)

    assert failed.failure == Failure.TLS
    assert place.received == []


def test_a_certificate_has_to_be_that_of_the_host(secured, certificate):
    trust = ssl.create_default_context(cafile=certificate[0])
    with receiving(secured=secured) as place:
        urls = [f"https://{name}:{place.port}/" for name in ("hooks.example.com", "b.example")]

        assert send(urls[0], resolve=here, trust=trust).status == 204
        assert failure(urls[1], resolve=here, trust=trust).failure == Failure.TLS

    assert [request.headers["host"] for request in place.received] == [
        f"hooks.example.com:{place.port}"
    ]


def test_a_server_without_tls_is_distinguished_from_one_with_it():
    with receiving() as place:
        failed = failure(
            f"https://hooks.example.com:{place.port}/", resolve=here, limit_seconds=SHORT
        )

    assert failed.failure in (Failure.TLS, Failure.CONNECTION, Failure.TIMEOUT)
    assert place.received == []


def test_a_slow_drip_over_tls_is_over_in_time(secured, certificate):
    trust = ssl.create_default_context(cafile=certificate[0])
    started = time.monotonic()
    with receiving(receiver.drip(b"HTTP/1.1 200 OK\r\nX: ", DROPS), secured=secured) as place:
        url = f"https://hooks.example.com:{place.port}/"
        failed = failure(url, resolve=here, trust=trust, limit_seconds=SHORT)

    assert failed.failure == Failure.TIMEOUT
    assert time.monotonic() - started < SHORT + 5
