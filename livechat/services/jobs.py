"""Periodic jobs: run one, and store its outcome for administrators."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db.models import F

from livechat.database.database_time import database_now
from livechat.models import Job

logger = structlog.stdlib.get_logger(__name__)

Work = Callable[[datetime], int]
"""Does what is due at a moment and returns how much that was. Idempotent: a second run finds
nothing left, and the next run completes one that was killed."""


def perform(name: str, work: Work) -> int:
    """Run `work` with the database's time and store the outcome. Raises what `work` raises."""
    now = database_now()
    began = time.monotonic()
    Job.objects.update_or_create(name=name, defaults={"started_at": now})
    try:
        done = work(now)
    except Exception as error:
        _note(name, error=type(error).__name__, failures=F("failures") + 1)
        raise
    _note(name, done=done, error="", failures=0)
    if done:
        seconds = round(time.monotonic() - began, 2)
        logger.info("job.done", job=name, done=done, seconds=seconds)
    return done


def _note(name: str, **fields: object) -> None:
    Job.objects.filter(name=name).update(finished_at=database_now(), **fields)
