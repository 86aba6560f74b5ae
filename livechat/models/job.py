"""Periodic jobs: their last runs, and the leases that decide which process runs them."""

from datetime import datetime, timedelta

from django.db import models


class Lease(models.Model):
    """The process that holds a task which only one may do at a time, until the moment `until`.

    `since` is when the holder began; it stays the same while the lease is renewed in time.
    """

    name = models.CharField(primary_key=True, max_length=40)
    holder = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """The last run of a periodic job. `done` counts the items it processed. `error` names the
    cause of its failure, "" when it succeeded."""

    name = models.CharField(primary_key=True, max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=80, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    """How often it has failed since its last success."""

    def __str__(self) -> str:
        return self.name

    def is_late(self, now: datetime, every: timedelta) -> bool:
        """Say whether it missed runs: it started more than three periods and a minute ago."""
        return now - self.started_at > 3 * every + timedelta(minutes=1)
