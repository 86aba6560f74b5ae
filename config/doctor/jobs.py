"""Checks that the periodic jobs run and succeed."""

from collections.abc import Iterator

from django.conf import settings

from config.doctor.finding import Finding, error, ok, warning
from config.jobs.schedule import SCHEDULE, failing, overdue


def run_on_time() -> Iterator[Finding]:
    late, failed = overdue(), failing()
    if late:
        yield error(
            f"Nobody does {', '.join(late)}: chats of operators who are gone stay where they are.",
            "Start a Celery worker and a beat, and see what their logs say."
            if settings.REDIS_URL
            else "A running server does them: start one, and see what its log says.",
        )
    if failed:
        yield warning(
            f"The last run failed of {', '.join(failed)}.",
            "The table livechat_job names the error; the log of the worker or server tells more.",
        )
    if not late and not failed:
        yield ok(f"All {len(SCHEDULE)} jobs are done in time.")
