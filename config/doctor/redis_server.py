"""Checks of Redis: version, time-outs, and what it does when its memory is full."""

import time
from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings

from config.doctor.finding import Finding, error, ok, warning
from config.doctor.versions import numbers

MIN_VERSION = (6, 2)
BLOCKS_SECONDS = 5.0
"""How long one command of the channel layer waits for a message."""
BROKER_POLICY = "noeviction"


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def is_reachable() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield ok("REDIS_URL is not set. One process does not need Redis.")
        return
    try:
        with _client() as client:
            found: Any = client.info("server")
            began = time.monotonic()
            client.ping()
    except redis.RedisError as failure:
        yield error(
            f"Redis does not respond ({type(failure).__name__}). Processes cannot send events to"
            " each other.",
            "Check that Redis is running and that REDIS_URL is correct.",
        )
        return
    milliseconds = (time.monotonic() - began) * 1000
    version = str(found["redis_version"])
    if numbers(version) < MIN_VERSION:
        yield error(f"Redis {version} is too old.", "Install Redis 6.2 or newer.")
    yield ok(f"Redis {version} responded in {milliseconds:.0f} ms.")


def has_long_timeouts() -> Iterator[Finding]:
    """Check for time-outs shorter than a waiting command: each would end idle connections."""
    if not settings.REDIS_URL:
        return
    layer: Any = settings.CHANNEL_LAYERS["default"]
    hosts = layer.get("CONFIG", {}).get("hosts", [])
    for host in hosts:
        seconds = host.get("socket_timeout") if isinstance(host, dict) else None
        if seconds is None or seconds <= BLOCKS_SECONDS:
            yield error(
                "The socket_timeout of the channel layer must be longer than 5 s, the time it"
                " waits for messages.",
                'Configure its host as {"address": …, "socket_timeout": 30}.',
            )
            return
    idle = int(_setting("timeout") or 0)
    if 0 < idle <= 60:
        yield warning(
            f"Redis closes connections that are idle for {idle} s.", "Set timeout 0 in redis.conf."
        )
        return
    yield ok("Redis keeps idle connections open.")


def never_evicts() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        return
    policy = _setting("maxmemory-policy")
    if policy is None:
        yield warning(
            "Redis does not allow reading its configuration.",
            f"Check that maxmemory-policy is {BROKER_POLICY}.",
        )
    elif policy != BROKER_POLICY:
        yield warning(
            "When its memory is full, Redis deletes keys, including jobs (maxmemory-policy"
            f" {policy}).",
            f"Set maxmemory-policy {BROKER_POLICY} in redis.conf.",
        )
    else:
        yield ok("Redis deletes no keys when its memory is full.")


def _setting(name: str) -> str | None:
    """Return a setting of Redis; None where ``CONFIG`` is forbidden, as with many providers."""
    try:
        with _client() as client:
            found: Any = client.config_get(name)
    except redis.ResponseError:
        return None
    return str(found[name]) if name in found else None
