"""Data in Redis is read as plain values, so that a write to Redis cannot run code in a server."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer
from django.core.cache import cache
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

from config.cache import JsonSerializer
from config.celery import app
from config.checks import configuration
from livechat.database import database_time
from livechat.errors import RateLimited
from livechat.services.upload_limits import Allowance


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._path,))


@pytest.fixture
def trap(tmp_path) -> tuple[bytes, Path]:
    """Return a value for Redis, and the file that exists if the value was run."""
    path = tmp_path / "it ran"
    return pickle.dumps(Trap(path)), path


def plant(settings, key: str, value: bytes) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set(cache.make_key(key), value, ex=60)


@pytest.mark.services
def test_a_pickle_in_the_cache_does_not_run_and_is_as_if_it_were_not_there(settings, trap):
    pickled, ran = trap
    plant(settings, "planted", pickled)

    assert cache.get("planted") is None
    assert not ran.exists()


@pytest.mark.services
def test_what_is_no_number_in_the_place_of_a_count_is_counted_anew(settings, trap, monkeypatch):
    pickled, ran = trap
    now = database_time.now()
    monkeypatch.setattr(database_time, "now", lambda: now)
    few = Allowance("few", 2, 60)
    plant(settings, f"livechat:few:vera:{int(now.timestamp() // 60)}", pickled)

    few.take("vera")
    few.take("vera")

    with pytest.raises(RateLimited):
        few.take("vera")
    assert not ran.exists()


@pytest.mark.services
@pytest.mark.parametrize("value", [0, -7, 10**18, 1.5, True, None, "ü", ["a", {"b": 1}]])
def test_values_come_out_of_the_cache_as_they_went_in(value):
    cache.set("value", value, 60)

    assert cache.get("value", "missing") == value
    assert type(cache.get("value")) is type(value)


@pytest.mark.services
def test_a_count_stays_a_number_that_redis_can_add_to():
    cache.set("count", 1, 60)

    assert cache.incr("count", 4) == 5
    assert cache.get("count") == 5


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x04K\x01.", b"{", b"\xff", b"[" * 100_000, b"9" * 10_000, b"\0"]
)
def test_what_is_no_json_is_nothing(data):
    assert JsonSerializer().loads(data) is None


def test_celery_takes_json_alone(trap):
    pickled, ran = trap
    accepted = app.conf.accept_content

    with pytest.raises(ContentDisallowed):
        loads(pickled, "application/x-python-serialize", "binary", accept=accepted)

    assert accepted == app.conf.result_accept_content == ["json"]
    assert app.conf.task_serializer == app.conf.result_serializer == "json"
    assert app.conf.event_serializer == "json"
    assert not ran.exists()


@pytest.mark.services
def test_the_channel_layer_reads_no_pickles(trap):
    pickled, ran = trap
    layer: Any = get_channel_layer()

    with pytest.raises(Exception, match=r"(?i)unpack|extra"):
        layer.deserialize(bytes(layer._serializer.random_prefix_length) + pickled)

    assert not ran.exists()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", []),
        ("redis://127.0.0.1:6379/0", []),
        ("redis://localhost/0", []),
        ("redis://[::1]:6379/0", []),
        ("unix:///run/redis/redis.sock?db=0", []),
        ("rediss://:secret@redis.example.com:6379/0", []),
        ("rediss://redis.example.com:6379/0?password=secret", []),
        ("rediss://redis.example.com:6379/0", ["config.W007"]),
        ("redis://:secret@redis.example.com:6379/0", ["config.W008"]),
        ("redis://10.0.0.7:6379/0", ["config.W007", "config.W008"]),
        ("redis://user@10.0.0.7:6379/0", ["config.W007", "config.W008"]),
        ("redis://redis/0", ["config.W007", "config.W008"]),
    ],
)
def test_a_redis_elsewhere_needs_a_password_and_tls(settings, url, expected):
    settings.REDIS_URL = url

    found = configuration.redis_is_guarded()

    assert [one.id for one in found] == expected
    assert all("secret" not in f"{one.msg}{one.hint}" for one in found)
