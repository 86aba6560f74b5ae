"""The schedule: one table, run by the server's own scheduler or by Celery."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from config.celery import app
from config.jobs.in_process_scheduler import LEASE, JobScheduler
from config.jobs.schedule import SCHEDULE, Job
from livechat.models import Job as JobRow
from livechat.models import Lease

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def done():
    return []


@pytest.fixture
def schedule(done):
    def fails(_now):
        done.append("fails")
        raise ZeroDivisionError

    def counts(now):
        done.append(now)
        return 1

    return (Job("fails", fails, every=5), Job("counts", counts, every=5))


def test_celery_has_a_task_and_a_beat_for_every_job():
    app.finalize()

    ours = {name.removeprefix("livechat.") for name in app.tasks if name.startswith("livechat.")}
    beats = {
        entry["task"].removeprefix("livechat."): entry["schedule"]
        for entry in app.conf.beat_schedule.values()
    }

    assert ours == {job.name for job in SCHEDULE}
    assert beats == {job.name: job.every for job in SCHEDULE}


def test_a_task_does_its_job_and_returns_how_much():
    app.finalize()

    for job in SCHEDULE:
        assert app.tasks[f"livechat.{job.name}"]() == 0

    assert set(JobRow.objects.values_list("name", flat=True)) == {job.name for job in SCHEDULE}
    assert not JobRow.objects.exclude(error="").exists()


def test_no_task_lasts_longer_than_the_broker_waits_for_it():
    conf = app.conf

    assert conf.task_time_limit < conf.broker_transport_options["visibility_timeout"]
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost) == (True, True)
    assert list(conf.accept_content) == ["json"]
    assert conf.task_serializer == "json"


async def test_the_clock_does_what_is_due_and_goes_on_after_a_failure(done, schedule, sockets):
    clock = JobScheduler(schedule)

    for second in (0.0, 1.0, 4.9, 5.0):
        await clock.tick(second)
        await clock.settle()

    moments = [one for one in done if one != "fails"]
    assert (done.count("fails"), len(moments)) == (2, 2)
    assert abs(moments[0] - timezone.now()) < timedelta(seconds=20)


async def test_of_two_clocks_one_ticks_until_it_dies(done, schedule, sockets):
    one, two = JobScheduler(schedule), JobScheduler(schedule)
    for clock in (one, two):
        await clock.tick(0.0)
        await clock.settle()
    before = len(done)
    await Lease.objects.filter(name=LEASE).aupdate(until=timezone.now() - timedelta(seconds=1))

    await two.tick(5.0)
    await two.settle()
    after = len(done)
    await one.tick(5.0)
    await one.settle()

    assert (before, after, len(done)) == (2, 4, 4)


async def test_a_clock_that_ends_gives_its_lease_back(schedule, sockets):
    clock = JobScheduler(schedule)
    await clock.tick(time.monotonic())
    await clock.settle()
    held = await Lease.objects.filter(name=LEASE).aexists()

    await clock.stop()

    assert held
    assert not await Lease.objects.filter(name=LEASE).aexists()


async def test_a_job_that_takes_long_holds_up_no_other(sockets):
    released, done = threading.Event(), []

    def slow(_now):
        done.append("slow")
        released.wait(60)
        return 0

    def quick(_now):
        done.append("quick")
        return 0

    clock = JobScheduler((Job("slow", slow, every=1), Job("quick", quick, every=1)))
    await clock.tick(0.0)
    while done.count("quick") < 2:
        await asyncio.sleep(0.02)
        await clock.tick(1.0)
    released.set()
    await clock.settle()

    assert done.count("slow") == 1
