"""How the installation stands, in a few numbers for whoever watches it."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q

from livechat.domain.availability import LEASE
from livechat.domain.states import State
from livechat.models import Conversation, Operator, database_time


@dataclass(frozen=True, slots=True)
class Figures:
    """`waiting` conversations are open and nobody's; `longest_wait_seconds` is of the one whose
    visitor has been without an answer for longest, among those."""

    open: int
    waiting: int
    longest_wait_seconds: float
    operators: int


def current() -> Figures:
    """Return the figures of now, by two small queries."""
    now = database_time.now()
    queued = Q(state=State.QUEUED)
    counts = Conversation.objects.open().aggregate(
        open=Count("pk"),
        waiting=Count("pk", filter=queued),
        since=Min("waiting_since", filter=queued),
    )
    return Figures(
        open=counts["open"],
        waiting=counts["waiting"],
        longest_wait_seconds=(now - counts["since"]).total_seconds() if counts["since"] else 0.0,
        operators=Operator.objects.seen_since(now - LEASE).filter(accepting=True).count(),
    )
