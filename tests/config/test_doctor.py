"""The doctor finds faults, reports nothing in a healthy installation, and never shows a secret."""

import json
import os
from datetime import datetime, timedelta

import pytest
import redis
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from config import doctor
from config.doctor import database, machine, redis_server, setup, versions
from config.doctor import jobs as doctor_jobs
from config.doctor.finding import Level, error
from config.jobs.schedule import SCHEDULE
from livechat.models import Job
from livechat.services import jobs
from tests import factories


@pytest.fixture(autouse=True)
def home(settings, tmp_path) -> None:
    settings.VAR_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_DIRS = []
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }


def levels(check) -> set[Level]:
    return {finding.level for finding in check()}


def messages(check) -> str:
    return " ".join(finding.message for finding in check())


SOUND = {Level.OK}


def test_old_libraries_are_an_error(monkeypatch):
    assert levels(versions.versions) == SOUND

    monkeypatch.setattr(versions, "MIN_VERSION", {"Django": (9, 0), "no-such-package": (1,)})

    assert "has known vulnerabilities" in messages(versions.versions)
    assert "no-such-package is not installed" in messages(versions.versions)
    assert Level.ERROR in levels(versions.versions)


@pytest.mark.parametrize(
    ("text", "expected"), [("5.2.19", (5, 2, 19)), ("7.0rc1", (7, 0)), ("x", ())]
)
def test_versions_are_numbers(text, expected):
    assert versions.numbers(text) == expected


def test_unsafe_settings_are_found_as_by_the_checks(settings):
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    settings.HTTPS = True
    assert levels(setup.settings_are_safe) <= {Level.OK, Level.WARNING}

    settings.ALLOWED_HOSTS = ["*"]

    assert "config.E002" in messages(setup.settings_are_safe)


def test_a_secret_that_others_can_read_is_an_error(tmp_path, settings):
    key = tmp_path / "secret_key"
    key.write_text("another")
    key.chmod(0o600)
    assert levels(setup.secrets_are_kept) == SOUND

    key.chmod(0o644)

    assert Level.ERROR in levels(setup.secrets_are_kept)
    assert settings.SECRET_KEY not in messages(setup.secrets_are_kept)


def test_a_secret_of_one_machine_is_reported_where_there_may_be_more_machines(tmp_path, settings):
    (tmp_path / "secret_key").write_text(settings.SECRET_KEY)
    (tmp_path / "secret_key").chmod(0o600)
    settings.REDIS_URL = ""
    assert levels(setup.secrets_are_kept) == SOUND

    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert Level.WARNING in levels(setup.secrets_are_kept)


@pytest.mark.django_db
def test_channels_for_any_website_are_reported():
    named = factories.channel("Berlin", allowed_origins="https://shop.example")
    assert levels(setup.websites_are_named) == SOUND

    named.allowed_origins = ""
    named.save()

    assert "1 of 1 channels" in messages(setup.websites_are_named)


def test_static_files_are_collected_and_current(settings, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [source]
    assert levels(setup.static_files_are_current) == {Level.ERROR}

    settings.STATIC_ROOT.mkdir()
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    manifest.write_text(json.dumps({"paths": {"a.css": "a.1.css"}}))
    assert levels(setup.static_files_are_current) == SOUND

    os.utime(manifest, (0, 0))
    assert levels(setup.static_files_are_current) == {Level.WARNING}


@pytest.mark.django_db(transaction=True)
def test_a_healthy_database_is_reported_as_healthy():
    assert levels(database.is_reachable) == SOUND
    assert levels(database.has_every_migration) == SOUND
    assert levels(database.clock_agrees) <= SOUND


@pytest.mark.django_db
def test_missing_migrations_are_an_error():
    MigrationRecorder(connection).record_unapplied("livechat", "0001_initial")

    assert "livechat.0001_initial" in messages(database.has_every_migration)
    assert levels(database.has_every_migration) == {Level.ERROR}


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_what_postgresql_may_lose_is_an_error(monkeypatch):
    def durable(name: str) -> str:
        return "on"

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        lost = messages(database.is_durable)
        cursor.execute("SET synchronous_commit = on")
    monkeypatch.setattr(database, "ask", durable)

    assert "synchronous_commit off" in lost
    assert levels(database.is_durable) == SOUND


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_more_connections_than_postgresql_has_are_an_error(settings):
    settings.WORKERS = 1
    assert levels(database.has_connections) == SOUND

    settings.WORKERS = 1000

    assert levels(database.has_connections) == {Level.ERROR}


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_clock_that_is_wrong_is_an_error(monkeypatch):
    assert levels(database.clock_agrees) == SOUND
    ask = database.ask

    def later(question: str) -> datetime:
        moment: datetime = ask(question)
        return moment + timedelta(seconds=5)

    monkeypatch.setattr(database, "ask", later)

    assert levels(database.clock_agrees) == {Level.ERROR}


@pytest.mark.services
def test_a_redis_that_evicts_keys_is_reported(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert levels(redis_server.is_reachable) == levels(redis_server.never_evicts) == SOUND
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            found = levels(redis_server.never_evicts)
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert found == {Level.WARNING}


@pytest.mark.services
def test_a_layer_with_short_timeouts_is_an_error(settings):
    assert levels(redis_server.has_long_timeouts) == SOUND

    layer = settings.CHANNEL_LAYERS["default"]
    hosts = [{"address": settings.REDIS_URL, "socket_timeout": 5}]
    settings.CHANNEL_LAYERS = {"default": {**layer, "CONFIG": {"hosts": hosts}}}

    assert levels(redis_server.has_long_timeouts) == {Level.ERROR}


@pytest.mark.services
def test_a_redis_that_ends_idle_connections_is_reported(settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.config_set("timeout", 30)
        try:
            found = levels(redis_server.has_long_timeouts)
        finally:
            client.config_set("timeout", 0)

    assert found == {Level.WARNING}


def test_redis_that_is_away_is_an_error(settings):
    settings.REDIS_URL = "redis://:canary@127.0.0.1:1/0"

    assert levels(redis_server.is_reachable) == {Level.ERROR}
    assert "canary" not in messages(redis_server.is_reachable)


def test_files_have_to_be_written_and_must_not_be_served(settings, tmp_path):
    assert levels(machine.accepts_files) == SOUND

    settings.STATIC_ROOT = tmp_path
    assert "is public" in messages(machine.accepts_files)

    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("in the way")
    assert "cannot be written" in messages(machine.accepts_files)


def test_room_is_needed_on_the_disk(settings):
    settings.DISK_RESERVE_PERCENT = 0
    assert levels(machine.has_space) == SOUND

    settings.DISK_RESERVE_PERCENT = 100
    assert levels(machine.has_space) == {Level.ERROR}


def test_a_low_limit_of_open_files_is_reported(monkeypatch):
    monkeypatch.setattr(machine, "ENOUGH_FILES", 1)
    assert levels(machine.has_open_file_limit) == SOUND

    monkeypatch.setattr(machine, "ENOUGH_FILES", 2**40)
    assert levels(machine.has_open_file_limit) == {Level.WARNING}


def test_jobs_that_do_not_run_are_an_error_and_failed_ones_are_reported(db):
    assert levels(doctor_jobs.run_on_time) == {Level.ERROR}
    assert "hand-over-lost" in messages(doctor_jobs.run_on_time)

    for job in SCHEDULE:
        jobs.perform(job.name, job.work)
    assert levels(doctor_jobs.run_on_time) == SOUND

    Job.objects.filter(name="deliver").update(error="OperationalError")
    assert levels(doctor_jobs.run_on_time) == {Level.WARNING}
    assert "deliver" in messages(doctor_jobs.run_on_time)

    Job.objects.update(error="", started_at=timezone.now() - timedelta(days=1))
    assert levels(doctor_jobs.run_on_time) == {Level.ERROR}


def test_a_check_that_breaks_takes_no_other_with_it(monkeypatch):
    def broken():
        raise RuntimeError("canary")
        yield

    def fails():
        yield error("no", "do")

    def sound():
        yield from ()

    monkeypatch.setattr(
        doctor, "CHECKS", {"database": broken, "clock": fails, "redis": fails, "disk": sound}
    )

    found = list(doctor.examine())

    # The clock belongs to the database, so it is not examined.
    assert [name for name, _finding in found] == ["database", "redis"]
    assert "RuntimeError" in found[0][1].message
    assert "canary" not in found[0][1].message


@pytest.mark.django_db(transaction=True)
def test_the_command_prints_text_or_json_and_ends_with_an_exit_code(capsys, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", json=True)
    findings = json.loads(capsys.readouterr().out)
    with pytest.raises(SystemExit):
        call_command("doctor", no_color=True)
    text = capsys.readouterr().out

    assert ended.value.code == 1
    assert {"check": "redis", "level": "error"}.items() <= next(
        one for one in findings if one["check"] == "redis"
    ).items()
    assert "error    redis:" in text
    assert settings.SECRET_KEY not in text
