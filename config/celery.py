"""Celery: a task and a beat for every line of the schedule.

``celery -A config worker`` does the jobs, ``celery -A config beat`` says when. Tasks carry nothing:
what is due is asked of the database, so a lost task costs one beat, and a doubled one nothing.
"""

import os
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

KEPT_SECONDS = 3 * 3600
"""So long tasks wait for somebody to do them, told by the clocks of two machines: a worker whose
clock is ahead by more would never work."""

app = Celery("livechat")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.on_after_finalize.connect
def make_tasks(sender: Celery, **_kwargs: Any) -> None:
    """Make the tasks and the beat's table; both need the apps to be loaded."""
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
        options = {"expires": max(job.every, KEPT_SECONDS)}
        beats[job.name] = {"task": name, "schedule": job.every, "options": options}
    sender.conf.beat_schedule = beats


@setup_logging.connect
def keep_our_logs(**_kwargs: Any) -> None:
    """Django has set logging up; with somebody connected here, Celery leaves it alone."""


@worker_init.connect
@beat_init.connect
def limit_statements(**_kwargs: Any) -> None:
    """Let no job wait long for a lock that somebody holds: it comes again. A beat that is frozen
    holds its lease's row no longer than that."""
    from config import statements

    statements.limit(statement=30, lock=2)
