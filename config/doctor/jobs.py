"""Checks that the periodic jobs run and succeed."""

from collections.abc import Iterator

from django.conf import settings

from config.doctor.finding import Finding, error, ok, warning
from config.jobs.schedule import SCHEDULE, failing, overdue


def run_on_time() -> Iterator[Finding]:
    late, failed = overdue(), failing()
    if late:
        yield error(
            f"No process runs these jobs: {', '.join(late)}. Chats of disconnected operators are"
            " not reassigned.",
            "Start a Celery worker and a beat, and check their logs."
            if settings.REDIS_URL
            else "Start the server, which runs them, and check its log.",
        )
    if failed:
        yield warning(
            f"The last run of these jobs failed: {', '.join(failed)}.",
            "See the error in the table livechat_job, and the log of the worker or server for"
            " details.",
        )
    if not late and not failed:
        yield ok(f"All {len(SCHEDULE)} jobs run on schedule.")
