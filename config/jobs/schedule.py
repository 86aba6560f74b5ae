"""The table of periodic jobs. With Redis, Celery's beat sends them; without it, the server's own
clock runs them (`config/jobs/in_process_scheduler.py`)."""

from dataclasses import dataclass
from datetime import timedelta

from livechat.database.database_time import database_now
from livechat.models import Job as LastRun
from livechat.services import (
    attachments,
    cleanup,
    deliveries,
    lost_operators,
    operators,
    queues,
)
from livechat.services.jobs import Work


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job. `work(now)` does what is due and is safe to repeat; `every` is in seconds."""

    name: str
    work: Work
    every: int


SCHEDULE = (
    Job("hand-over-lost", lost_operators.hand_over_lost, every=5),
    Job("release-held", queues.release_held, every=5),
    Job("fill-queues", queues.fill_all, every=5),
    Job("deliver", deliveries.work, every=5),
    Job("mark-idle", operators.mark_idle, every=30),
    Job("remove-pending-files", attachments.remove_pending, every=60),
    Job("close-silent", cleanup.close_silent, every=300),
    Job("remove-empty", cleanup.remove_empty, every=600),
    Job("expire", cleanup.expire, every=3600),
    Job("forget-deliveries", deliveries.forget, every=3600),
)


def overdue() -> list[str]:
    """Return the names of jobs that never ran or are late: no process runs them."""
    now = database_now()
    runs = {run.name: run for run in LastRun.objects.all()}
    return [
        job.name
        for job in SCHEDULE
        if job.name not in runs or runs[job.name].is_late(now, timedelta(seconds=job.every))
    ]


def failing() -> list[str]:
    """Return the names of jobs whose last run failed."""
    runs = LastRun.objects.filter(name__in=[job.name for job in SCHEDULE]).exclude(error="")
    return sorted(runs.values_list("name", flat=True))
