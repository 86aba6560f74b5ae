"""Checks of the set-up: settings, secrets, websites of channels and static files."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import ERROR, WARNING, run_checks

from config.checks import exposure
from config.demo.data import ACCOUNTS_FILE
from config.doctor.finding import Finding, error, ok, warning
from livechat.models import Channel

ADVICE = "Run manage.py check --deploy for details."


def settings_are_safe() -> Iterator[Finding]:
    """Run Django's system checks, including those for deployment: hosts, TLS, proxies, GeoIP …"""
    return _checked(for_public_hosts=True)


def settings_fit_this_host() -> Iterator[Finding]:
    """The same, with those for deployment only where other machines reach this installation."""
    return _checked(for_public_hosts=settings.HTTPS or exposure.is_reached_from_outside())


def _checked(*, for_public_hosts: bool) -> Iterator[Finding]:
    checked = run_checks(include_deployment_checks=for_public_hosts)
    found = [one for one in checked if not one.is_silenced()]
    for one in found:
        message, advice = f"{one.msg} ({one.id})", one.hint or ADVICE
        if one.level >= ERROR:
            yield error(message, advice)
        elif one.level >= WARNING:
            yield warning(message, advice)
    if not found:
        yield ok("All settings are safe for a public host.")


def secrets_are_kept() -> Iterator[Finding]:
    kept = [
        path
        for path in (settings.VAR_DIR / "secret_key", settings.VAR_DIR / ACCOUNTS_FILE)
        if path.exists()
    ]
    for path in kept:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield error(
                f"Other users of this machine can access {path} (mode {mode:o}).",
                f"Run chmod 600 {path}.",
            )
    if settings.REDIS_URL and (settings.VAR_DIR / "secret_key").exists():
        own = (settings.VAR_DIR / "secret_key").read_text().strip()
        if own == settings.SECRET_KEY:
            yield warning(
                "SECRET_KEY was generated on this machine. Another machine would generate a"
                " different one.",
                "If you run several machines, set the same SECRET_KEY on all of them.",
            )
    yield ok(f"SECRET_KEY has {len(settings.SECRET_KEY)} characters.")


def websites_are_named() -> Iterator[Finding]:
    anybody = Channel.objects.filter(allowed_origins="").count()
    if anybody:
        yield warning(
            f"Any website may embed {anybody} of {Channel.objects.count()} channels.",
            "In the Admin, set “Allowed origins” in the channel's Widget tab.",
        )
    else:
        yield ok("Every channel has allowed origins.")


def static_files_are_current() -> Iterator[Finding]:
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if not manifest.is_file():
        yield error(
            "Static files are not collected. Pages cannot be shown.", "Run manage.py collectstatic."
        )
        return
    collected = json.loads(manifest.read_text())["paths"]
    made = manifest.stat().st_mtime
    new = [
        name
        for finder in finders.get_finders()
        for name, storage in finder.list([])
        if name not in collected or Path(storage.path(name)).stat().st_mtime > made
    ]
    if new:
        yield warning(
            f"{len(new)} static files changed since they were collected.",
            "Run manage.py collectstatic, then restart the servers.",
        )
    else:
        yield ok(f"{len(collected)} static files are collected and up to date.")
