"""Unsafe settings stop the start on a public host; on the developer's own machine they do not."""

import ipaddress
import os
import subprocess
import sys

import pytest

from config.checks import exposure
from config.env import BASE_DIR

GOOD_SECRET = "k3J9x-2mQ8vLz7_Rt5Yp1Wn4Bc6Df0GhAsEeUiOo"


@pytest.fixture(autouse=True)
def production(settings):
    """Configure a safe installation on a public host."""
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.HTTPS = True
    settings.DEBUG = settings.DEMO = False
    settings.SECRET_KEY = GOOD_SECRET
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)
    settings.METRICS_TOKEN = ""


def refused() -> list[str | None]:
    return [message.id for message in exposure.refusals()]


def test_a_safe_installation_is_served():
    assert refused() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ALLOWED_HOSTS": ["*"]}, "config.E002"),
        ({"DEMO": True}, "config.E003"),
        ({"DEMO": True, "ALLOWED_HOSTS": ["192.168.1.5"]}, "config.E003"),
        ({"DEBUG": True}, "config.E004"),
        ({"SECRET_KEY": "short"}, "config.E005"),
        ({"SECRET_KEY": "a" * 60}, "config.E005"),
        ({"SECRET_KEY": "django-insecure-" + GOOD_SECRET}, "config.E005"),
        ({"HTTPS": False}, "config.E006"),
        ({"HTTPS": False, "ALLOWED_HOSTS": [".example.org"]}, "config.E006"),
        ({"HTTPS": False, "ALLOWED_HOSTS": ["8.8.8.8"]}, "config.E006"),
        ({"TRUSTED_PROXIES": (ipaddress.ip_network("0.0.0.0/0"),)}, "config.E007"),
        ({"TRUSTED_PROXIES": (ipaddress.ip_network("::/0"),)}, "config.E007"),
        ({"METRICS_TOKEN": "guess"}, "config.E008"),
    ],
)
def test_what_is_unsafe_is_refused(changes, expected, settings):
    for name, value in changes.items():
        setattr(settings, name, value)

    assert expected in refused()


@pytest.mark.parametrize(
    "changes",
    [
        {"HTTPS": False, "ALLOWED_HOSTS": ["chat.internal", "10.0.0.7", "intranet"]},
    ],
)
def test_what_is_not_quite_so_is_served(changes, settings):
    for name, value in changes.items():
        setattr(settings, name, value)

    assert refused() == []


def test_on_ones_own_machine_everything_goes(settings):
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "shop.localhost"]
    settings.DEBUG = settings.DEMO = True
    settings.HTTPS = False
    settings.SECRET_KEY = "x"

    assert refused() == []


@pytest.mark.slow
def test_the_server_says_why_it_does_not_start(tmp_path):
    environ = {"VAR_DIR": str(tmp_path), "ALLOWED_HOSTS": "chat.example.org", "DEBUG": "1"}

    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", "1"],
        cwd=BASE_DIR,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "config.E004" in done.stderr
    assert "config.E006" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
