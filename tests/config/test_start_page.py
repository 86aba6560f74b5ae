"""The checks' findings on the Admin's start page: who sees them, and what they never contain."""

from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse

from config import doctor, start_page
from config.doctor import setup
from config.doctor.finding import Finding, error, ok, warning
from livechat.domain import rights
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uncached_findings() -> Iterator[None]:
    start_page.forget()
    yield
    start_page.forget()


@pytest.fixture
def found(monkeypatch) -> dict:
    """Findings of an installation with a healthy disk, too few websites and a broken Redis."""
    checks = {
        "disk": lambda: iter([ok("Plenty of room.")]),
        "websites": lambda: iter([warning("2 of 2 channels are open.", "Name their websites.")]),
        "redis": lambda: iter([error("Redis is gone.", "Start it.")]),
    }
    monkeypatch.setattr(doctor, "CHECKS_OF_THIS_HOST", checks)
    return checks


def page(group: str | None, **fields) -> str:
    client = Client()
    client.force_login(factories.user("reader", group=group, is_staff=True, **fields))
    return client.get(reverse("admin:index")).text


def test_warnings_and_errors_are_shown_with_what_can_be_done(found):
    shown = page(rights.MANAGERS)

    assert "2 of 2 channels are open." in shown
    assert "Name their websites." in shown
    assert "Redis is gone." in shown
    assert "Plenty of room." not in shown


def test_a_finding_leads_to_the_page_that_mends_it_where_there_is_one(found):
    addresses = {line.message: line.address for line in start_page.findings()}

    assert addresses == {
        "2 of 2 channels are open.": reverse("admin:livechat_channel_changelist"),
        "Redis is gone.": "",
    }


@pytest.mark.parametrize("group", [rights.OPERATORS, rights.ANALYSTS, None])
def test_they_are_not_for_operators_analysts_and_others(found, group):
    shown = page(group)

    assert "System check results" not in shown
    assert "Redis is gone." not in shown


def test_a_superuser_without_a_group_sees_them(found):
    assert "Redis is gone." in page(None, is_superuser=True)


def test_an_installation_without_findings_has_no_such_list(found):
    found.clear()

    assert "System check results" not in page(rights.MANAGERS)


def test_the_checks_look_again_after_half_a_minute_and_not_before(found, monkeypatch):
    looks: list[int] = []

    def look() -> Iterator[Finding]:
        looks.append(1)
        yield from ()

    found["redis"] = look
    now = 1000.0
    monkeypatch.setattr("config.start_page.time.monotonic", lambda: now)

    start_page.findings()
    now += start_page.KEEP_SECONDS - 1
    start_page.findings()
    assert len(looks) == 1

    now += 2
    start_page.findings()
    assert len(looks) == 2


def test_a_check_that_breaks_takes_no_page_with_it(found):
    def broken() -> Iterator[Finding]:
        raise RuntimeError("postgres://user:secret@host/")
        yield

    found["redis"] = broken

    shown = page(rights.MANAGERS)

    assert "This check failed with builtins.RuntimeError." in shown
    assert "secret@host" not in shown


def test_the_real_checks_show_no_secret(settings):
    settings.REDIS_URL = ""

    shown = page(rights.MANAGERS)

    assert "Overview" in shown
    assert configured.SECRET_KEY not in shown


def test_what_only_a_public_host_needs_is_not_asked_at_home(settings):
    settings.DEMO, settings.HTTPS = True, False
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    assert "DEMO=1" not in " ".join(one.message for one in setup.settings_fit_this_host())

    settings.ALLOWED_HOSTS = ["chat.example.org"]
    assert "DEMO=1" in " ".join(one.message for one in setup.settings_fit_this_host())
