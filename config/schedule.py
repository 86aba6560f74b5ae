"""The table of periodic jobs. Celery's beat is made from it; without Redis the server's own clock
runs it (`config/clock.py`)."""

from dataclasses import dataclass

from livechat.services import attachments, deliveries, handover, operators, upkeep
from livechat.services.jobs import Work


@dataclass(frozen=True, slots=True)
class Job:
    """`work(now)` does what is due and is safe to repeat; `every` is in seconds."""

    name: str
    work: Work
    every: int


SCHEDULE = (
    Job("hand-over-lost", handover.hand_over_lost, every=5),
    Job("deliver", deliveries.work, every=5),
    Job("mark-idle", operators.mark_idle, every=30),
    Job("remove-pending-files", attachments.remove_pending, every=60),
    Job("close-silent", upkeep.close_silent, every=300),
    Job("remove-empty", upkeep.remove_empty, every=600),
    Job("expire", upkeep.expire, every=3600),
    Job("forget-deliveries", deliveries.forget, every=3600),
)
