"""One time for all machines."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from livechat.models import moment

pytestmark = pytest.mark.django_db

CLOSE = timedelta(seconds=2)


def test_who_has_never_asked_the_database_tells_the_machines_time(monkeypatch):
    monkeypatch.setattr(moment, "_last", None)

    assert abs(moment.now() - timezone.now()) < CLOSE


@pytest.mark.services
def test_who_has_asked_the_database_does_not_believe_his_machine(monkeypatch):
    right = moment.database_now()
    monkeypatch.setattr(timezone, "now", lambda: right - timedelta(hours=1))

    assert timedelta() <= moment.now() - right < CLOSE


@pytest.mark.services
def test_time_goes_on_without_being_asked_for(monkeypatch):
    right, at = moment.database_now(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: at + 90)

    assert abs(moment.now() - right - timedelta(seconds=90)) < CLOSE
