"""What happens by the clock: who may do it, and when it was done last."""

from datetime import datetime, timedelta

from django.db import models


class Lease(models.Model):
    """Who does what only one may do at a time, and until when nobody else will try.

    `since` is when he began; it stays while the lease is renewed in time.
    """

    name = models.CharField(primary_key=True, max_length=40)
    holder = models.CharField(max_length=80)
    since = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """The last run of a periodic job. `done` counts what it found to do; `error` names what it
    failed of, "" when it went well."""

    name = models.CharField(primary_key=True, max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    error = models.CharField(max_length=80, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)
    """How often it has failed since it last went well."""

    def __str__(self) -> str:
        return self.name

    def is_late(self, now: datetime, every: timedelta) -> bool:
        """Say whether it should have run again long ago."""
        return now - self.started_at > 3 * every + timedelta(minutes=1)
