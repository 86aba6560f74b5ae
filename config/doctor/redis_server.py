"""Checks of Redis: version, time-outs, and what it does when its memory is full."""

import time
from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings

from config.doctor.finding import Finding, error, ok, warning
from config.doctor.programs import numbers

MIN_VERSION = (6, 2)
BLOCKS_SECONDS = 5.0
"""How long one command of the channel layer waits for a message."""
BROKER_POLICY = "noeviction"


def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def is_reachable() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        yield ok("No REDIS_URL: right for one process.")
        return
    try:
        with _client() as client:
            found: Any = client.info("server")
            began = time.monotonic()
            client.ping()
    except redis.RedisError as failure:
        yield error(
            f"Redis does not answer ({type(failure).__name__}): processes hear nothing of each"
            " other.",
            "See that it runs, and that REDIS_URL is right.",
        )
        return
    milliseconds = (time.monotonic() - began) * 1000
    version = str(found["redis_version"])
    if numbers(version) < MIN_VERSION:
        yield error(f"Redis {version} is too old.", "Install 6.2 or newer.")
    yield ok(f"Redis {version} answers in {milliseconds:.0f} ms.")


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
                "The channel layer's socket_timeout is not above the 5 s it waits for messages.",
                'Give its host as {"address": …, "socket_timeout": 30}.',
            )
            return
    idle = int(_setting("timeout") or 0)
    if 0 < idle <= 60:
        yield warning(
            f"Redis ends connections that were idle for {idle} s.", "Set timeout 0 in redis.conf."
        )
        return
    yield ok("Nothing ends an idle connection to Redis.")


def never_evicts() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        return
    policy = _setting("maxmemory-policy")
    if policy is None:
        yield warning(
            "Redis does not tell its settings.", f"See that maxmemory-policy is {BROKER_POLICY}."
        )
    elif policy != BROKER_POLICY:
        yield warning(
            f"Redis forgets what it likes when it is full (maxmemory-policy {policy}), jobs too.",
            f"Set maxmemory-policy {BROKER_POLICY}.",
        )
    else:
        yield ok("Redis forgets nothing when it is full.")


def _setting(name: str) -> str | None:
    """Return a setting of Redis; None where ``CONFIG`` is forbidden, as with many providers."""
    try:
        with _client() as client:
            found: Any = client.config_get(name)
    except redis.ResponseError:
        return None
    return str(found[name]) if name in found else None
