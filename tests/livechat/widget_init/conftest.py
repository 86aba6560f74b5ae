"""An empty snapshot, and a server that does not start its tasks."""

from collections import Counter

import pytest

from livechat.widget_init import loader
from livechat.widget_init.snapshot import snapshot


@pytest.fixture(autouse=True)
def fresh_snapshot(monkeypatch) -> None:
    monkeypatch.setattr(snapshot, "widgets", {})
    monkeypatch.setattr(snapshot, "_sightings", {})
    monkeypatch.setattr(snapshot, "_noted", {})
    monkeypatch.setattr(snapshot, "_seen", Counter())
    monkeypatch.setattr(loader, "_scripts", {})


@pytest.fixture(autouse=True)
def our_host(settings) -> None:
    settings.ALLOWED_HOSTS = ["chat.example"]


async def started() -> None:
    """Replace the start of the server, which is not tested here."""


@pytest.fixture(autouse=True)
def no_runtime(monkeypatch):
    monkeypatch.setattr("config.server.lifecycle.start", started)
