"""Celery: a task and a beat entry for every job of the schedule.

``celery -A config worker`` runs the jobs, ``celery -A config beat`` sends them on time. Tasks carry
no data, because the jobs ask the database what is due. A lost task delays its job by one period; a
repeated task does nothing.
"""

import os
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

EXPIRES_SECONDS = 3 * 3600
"""Task expiry. Generous, because it compares the clocks of two machines: a worker whose clock runs
ahead by more would drop every task."""

app = Celery("livechat")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.on_after_finalize.connect
def make_tasks(sender: Celery, **_kwargs: Any) -> None:
    """Create the tasks and the beat's schedule. Both need Django's apps to be loaded."""
    from config.jobs.schedule import SCHEDULE, Job
    from livechat.services.jobs import perform

    def work_of(job: Job) -> Callable[[], int]:
        def do() -> int:
            return perform(job.name, job.work)

        return do

    beats = {}
    for job in SCHEDULE:
        name = f"livechat.{job.name}"
        sender.task(name=name)(work_of(job))
        options = {"expires": max(job.every, EXPIRES_SECONDS)}
        beats[job.name] = {"task": name, "schedule": job.every, "options": options}
    sender.conf.beat_schedule = beats


@setup_logging.connect
def keep_our_logs(**_kwargs: Any) -> None:
    """Keep Django's logging: Celery configures none when this signal has a receiver."""


@worker_init.connect
@beat_init.connect
def limit_statements(**_kwargs: Any) -> None:
    """Limit statements to 30 s and waits for a lock to 2 s; a job that fails runs again later.

    The limits also end the transaction of a frozen beat, which would keep its lease's row locked.
    """
    from config import database

    database.limit_statements(statement_seconds=30, lock_seconds=2)
