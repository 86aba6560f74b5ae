"""System checks for unsafe mixtures of settings."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils import timezone

from livechat.integrations import geoip


@register(Tags.security, deploy=True)
def demo_is_off(**_kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return [Error("DEMO=1 opens demo accounts: never on a public host.", id="config.E001")]
    return []


@register(Tags.security, deploy=True)
def redis_needs_a_shared_database(**_kwargs: Any) -> list[CheckMessage]:
    engine = str(settings.DATABASES["default"]["ENGINE"])
    if settings.REDIS_URL and engine.endswith("sqlite3"):
        return [
            Warning(
                "REDIS_URL is for several processes, but SQLite serves one well.",
                hint="Set DATABASE_URL to a PostgreSQL database.",
                id="config.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def proxy_is_named(**_kwargs: Any) -> list[CheckMessage]:
    """A server speaks no TLS itself: with HTTPS=1 there is a proxy, and none is believed unless it
    is named, not even one on this machine."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "HTTPS=1 says that a proxy speaks TLS, but TRUSTED_PROXIES names none: signing in"
                " is refused, and all visitors share the proxy's address, its limits and country.",
                hint="Set TRUSTED_PROXIES to the proxy's address, for example 127.0.0.1/32.",
                id="config.W006",
            )
        ]
    return []


@register()
def countries_are_known(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.GEOIP_PATH:
        return []
    path = Path(settings.GEOIP_PATH)
    if not path.is_file():
        return [
            Warning(
                f"GEOIP_PATH names {path}, and there is no such file: countries are unknown.",
                hint="docs/how-to/set-up-geoip.md tells where to get one.",
                id="config.W002",
            )
        ]
    try:
        age = geoip.age(geoip.open_file(path), timezone.now())
    except geoip.FAILURES as error:
        return [
            Warning(
                f"GEOIP_PATH names {path}, which cannot be used: {error}",
                hint="It has to be a database of countries or cities in MaxMind's format.",
                id="config.W003",
            )
        ]
    if age > geoip.OLD_AFTER and not settings.DEMO:
        return [
            Warning(
                f"{path} is {age.days} days old: countries are wrong more and more often.",
                hint="Replace the file; running servers notice within seconds.",
                id="config.W004",
            )
        ]
    return []
