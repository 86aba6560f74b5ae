"""System checks for unsafe mixtures of settings."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


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
