"""The database's time is the same for all servers."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from livechat.database import database_time

pytestmark = pytest.mark.django_db

CLOSE = timedelta(seconds=2)


def test_before_the_first_database_time_the_machines_time_is_used(monkeypatch):
    monkeypatch.setattr(database_time, "_last", None)

    assert abs(database_time.now() - timezone.now()) < CLOSE


@pytest.mark.services
def test_after_reading_the_database_time_the_machines_time_is_ignored(monkeypatch):
    right = database_time.database_now()
    monkeypatch.setattr(timezone, "now", lambda: right - timedelta(hours=1))

    assert timedelta() <= database_time.now() - right < CLOSE


@pytest.mark.services
def test_time_goes_on_without_being_asked_for(monkeypatch):
    right, at = database_time.database_now(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: at + 90)

    assert abs(database_time.now() - right - timedelta(seconds=90)) < CLOSE
