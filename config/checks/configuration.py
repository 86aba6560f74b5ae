"""System checks for settings that do not fit together."""

import ipaddress
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils import timezone

from livechat.domain import text as texts
from livechat.integrations import geoip

HOST = re.compile(r"\*|\.?[\w.-]+|\[[0-9A-Fa-f:.]+\]")
"""What Django can compare with the host of a request: a name, or an IPv6 address in brackets."""


@register(Tags.security, deploy=True)
def redis_needs_a_shared_database(**_kwargs: Any) -> list[CheckMessage]:
    engine = str(settings.DATABASES["default"]["ENGINE"])
    if settings.REDIS_URL and engine.endswith("sqlite3"):
        return [
            Warning(
                "REDIS_URL is set, but SQLite supports only one process.",
                hint="Set DATABASE_URL to a PostgreSQL database, or remove REDIS_URL.",
                id="config.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def redis_is_guarded(**_kwargs: Any) -> list[CheckMessage]:
    """A program that can write to Redis can send anything to every browser."""
    url = texts.split_url(settings.REDIS_URL)
    if not settings.REDIS_URL or url.scheme == "unix" or _is_this_machine(url.hostname or ""):
        return []
    found: list[CheckMessage] = []
    if not (url.password or parse_qs(url.query).get("password")):
        found.append(
            Warning(
                "REDIS_URL points to another machine and has no password. Any program that can"
                " connect to Redis can read and send chat messages.",
                hint="Set requirepass in redis.conf, and REDIS_URL to redis://:password@host:port/0.",
                id="config.W007",
            )
        )
    if url.scheme != "rediss":
        found.append(
            Warning(
                "Messages and the Redis password cross the network unencrypted.",
                hint="Use rediss:// with TLS in Redis, or a network that only your servers share.",
                id="config.W008",
            )
        )
    return found


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@register(Tags.security, deploy=True)
def proxy_is_named(**_kwargs: Any) -> list[CheckMessage]:
    """The server itself has no TLS: with HTTPS=1 there is a proxy in front, and its headers are
    trusted only if TRUSTED_PROXIES names it, even on this machine."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "HTTPS=1 needs a TLS proxy, but TRUSTED_PROXIES is empty. Sign-in is refused,"
                " and all visitors share the proxy's IP address, rate limits and country.",
                hint="Set TRUSTED_PROXIES to the proxy's IP address, for example 127.0.0.1/32.",
                id="config.W006",
            )
        ]
    return []


@register()
def hosts_have_no_path(**_kwargs: Any) -> list[CheckMessage]:
    wrong = [host for host in settings.ALLOWED_HOSTS if not HOST.fullmatch(host)]
    if not wrong:
        return []
    return [
        Warning(
            f"ALLOWED_HOSTS contains {wrong[0]!r}, which is no host name. No request matches it.",
            hint="Write the name alone, without scheme, port and path: chat.example.org. IPv6"
            " addresses need brackets.",
            id="config.W009",
        )
    ]


@register()
def nothing_is_below_a_path(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.FORCE_SCRIPT_NAME:
        return []
    return [
        Error(
            f"FORCE_SCRIPT_NAME is {settings.FORCE_SCRIPT_NAME!r}, but Livechat does not work below"
            " a path.",
            hint="Give Livechat a host name of its own; see docs/how-to/go-to-production.md.",
            id="config.E009",
        )
    ]


@register()
def countries_are_known(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.GEOIP_PATH:
        return []
    path = Path(settings.GEOIP_PATH)
    if not path.is_file():
        return [
            Warning(
                f"GEOIP_PATH is {path}, but this file does not exist. The countries of visitors"
                " are unknown.",
                hint="See docs/how-to/set-up-geoip.md for where to get a GeoIP database.",
                id="config.W002",
            )
        ]
    try:
        age = geoip.age(geoip.open_file(path), timezone.now())
    except geoip.FAILURES as error:
        return [
            Warning(
                f"GEOIP_PATH is {path}, but this file cannot be used: {error}",
                hint="Use a country or city database in MaxMind's format.",
                id="config.W003",
            )
        ]
    if age > geoip.OLD_AFTER and not settings.DEMO:
        return [
            Warning(
                f"{path} is {age.days} days old. Countries become less accurate with age.",
                hint="Replace the file. Running servers load the new file within seconds.",
                id="config.W004",
            )
        ]
    return []
