"""Leases and jobs: one process at a time, and every failure or delay is reported."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, connections
from django.utils import timezone

from livechat.database.database_time import database_now
from livechat.models import Job, Lease
from livechat.services import jobs, leases


@pytest.fixture
def now(db):
    return timezone.now()


def test_a_lease_is_had_by_one_until_it_runs_out(now):
    later = now + timedelta(seconds=11)

    taken = [leases.take("beat", who, now, 10) for who in ("one", "two", "one")]
    followed = [leases.take("beat", who, later, 10) for who in ("two", "one")]

    assert (taken, followed) == ([True, False, True], [True, False])
    assert Lease.objects.get().since == later


def test_a_lease_that_is_renewed_in_time_has_been_had_since_its_beginning(now):
    for second in range(0, 60, 5):
        leases.take("beat", "one", now + timedelta(seconds=second), 10)

    assert Lease.objects.get().since == now


def test_a_released_lease_is_free_at_once_and_only_the_holder_can_release_it(now):
    leases.take("beat", "one", now, 10)

    leases.release("beat", "two")
    still = leases.take("beat", "two", now, 10)
    leases.release("beat", "one")

    assert not still
    assert leases.take("beat", "two", now, 10)


def test_a_lease_from_the_future_is_free_for_the_clock_was_put_back(now):
    leases.take("beat", "one", now + timedelta(hours=1), 10)

    assert leases.take("beat", "two", now, 10)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_has_the_lease():
    now = timezone.now()
    barrier = Barrier(6)

    def take(number: int) -> bool:
        try:
            barrier.wait(5)
            return leases.take("beat", str(number), now, 10)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, range(6)))

    assert sum(taken) == 1


def test_it_is_known_since_when_servers_listen(now):
    assert leases.listening_since(database_now()) is None

    leases.listen()
    since = leases.listening_since(database_now())
    leases.listen()

    assert since is not None
    assert leases.listening_since(database_now()) == since
    assert leases.listening_since(now + timedelta(minutes=1)) is None


def test_servers_that_were_away_listen_anew(now):
    leases.listen()
    Lease.objects.update(
        since=now - timedelta(hours=2), until=now - leases.LISTENING_LEASE - timedelta(seconds=1)
    )

    leases.listen()

    assert leases.listening_since(database_now()) >= now


def test_the_last_run_of_a_job_is_known(now):
    jobs.perform("count", lambda at: 3 if at >= now else 0)

    job = Job.objects.get()
    assert (job.name, job.done, job.error, job.failures) == ("count", 3, "", 0)
    assert job.finished_at is not None
    assert job.started_at <= job.finished_at


def test_a_failing_job_is_reported_until_it_succeeds_again(now):
    def fails(_at):
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            jobs.perform("count", fails)
    failed = Job.objects.get()
    jobs.perform("count", lambda _at: 0)
    well = Job.objects.get()

    assert (failed.error, failed.failures) == ("ZeroDivisionError", 2)
    assert (well.error, well.failures) == ("", 0)


def test_a_job_is_late_when_it_missed_some_turns(now):
    job = Job(name="count", started_at=now)
    every = timedelta(seconds=5)

    assert not job.is_late(now + timedelta(seconds=70), every)
    assert job.is_late(now + timedelta(seconds=80), every)


@pytest.mark.services
def test_time_is_the_databases_on_postgresql(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [before] = cursor.fetchone()

    assert before < database_now()
