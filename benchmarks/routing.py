"""``python -m benchmarks.routing 3 4``: measure how fast conversations get their operators.

One after the other, without sockets: decisions (`assignment.choose_operator` in a transaction that
is rolled back) and whole openings by newcomers, in a channel of a few operators and in one of many.
Prints as JSON: name -> number per second of each round.
"""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from channels.db import database_sync_to_async  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from config.server import lifecycle  # noqa: E402
from livechat.domain.enumerations import Outcome, Role, State, Status  # noqa: E402
from livechat.domain.routing import Wanted, language_set  # noqa: E402
from livechat.models import (  # noqa: E402
    Channel,
    Conversation,
    Membership,
    Operator,
    Participant,
    User,
    Visitor,
)
from livechat.policy import VisitorActor  # noqa: E402
from livechat.services import assignment  # noqa: E402
from livechat.services.conversations import Arrival, open_conversation  # noqa: E402

LANGUAGES = ("en", "de", "ar", "fr", "pt")
WANTED = Wanted(languages=language_set(["de-AT"]), country="AT")
ARRIVAL = Arrival(language="de-AT", country="AT", page_url="https://shop.example/tea/")


class Size(NamedTuple):
    operators: int
    conversations: int

    def __str__(self) -> str:
        return f"{self.operators} operators with {self.conversations:,} conversations"


SIZES = (Size(5, 50), Size(200, 2_000))


@transaction.atomic
def seed(size: Size) -> Channel:
    """Create a channel whose operators are all online and share its open conversations."""
    now, run = timezone.now(), uuid.uuid4().hex[:8]
    channel = Channel.objects.create(
        name=f"Channel {run}", slug=run, max_sessions_mode="limited", max_sessions=1_000_000
    )
    operators = Operator.objects.bulk_create(
        Operator(
            user=user,
            chat_name="Operator",
            languages=[LANGUAGES[n % len(LANGUAGES)]],
            # They stay online as long as the benchmark takes.
            seen_at=now + timedelta(seconds=60),
            active_at=now,
        )
        for n, user in enumerate(
            User.objects.bulk_create(
                User(username=f"{run}-{n}", password="!")  # noqa: S106
                for n in range(size.operators)
            )
        )
    )
    Membership.objects.bulk_create(
        Membership(channel=channel, operator=operator) for operator in operators
    )
    conversations = Conversation.objects.bulk_create(
        Conversation(
            channel=channel,
            visitor=visitor,
            operator=operators[n % size.operators],
            opening_id=uuid.uuid4(),
            state=State.ASSIGNED.value,
            status=Status.IN_PROGRESS.value,
            outcome=Outcome.NO_ANSWER.value,
            opened_at=now,
            last_message_at=now,
        )
        for n, visitor in enumerate(
            Visitor.objects.bulk_create(Visitor() for _ in range(size.conversations))
        )
    )
    Participant.objects.bulk_create(
        Participant(
            conversation=conversation,
            role=Role.OPERATOR.value,
            operator=conversation.operator,
            joined_at=now,
        )
        for conversation in conversations
    )
    return channel


def decide(channel: Channel) -> None:
    with transaction.atomic():
        assert assignment.choose_operator(channel, WANTED, timezone.now()) is not None
        transaction.set_rollback(True)


def start(channel: Channel) -> None:
    visitor = VisitorActor(uuid.uuid4(), channel.pk)
    opened = open_conversation(visitor, client_id=uuid.uuid4(), text="Hello", arrival=ARRIVAL)
    assert opened.state == State.ASSIGNED


@database_sync_to_async
def rate(act: Callable[[Channel], None], channel: Channel, seconds: float) -> float:
    """Return how often `act` is done per second."""
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        act(channel)
        count += 1
    return count / (now - began)


@database_sync_to_async
def prepare(size: Size) -> Channel:
    """Return a new channel, because openings add to the load; no other operator is online."""
    Operator.objects.update(seen_at=None)
    channel = seed(size)
    start(channel)
    return channel


async def main(rounds: int, seconds: float) -> dict[str, list[float]]:
    acts = {"decisions": decide, "openings by newcomers": start}
    rates: dict[str, list[float]] = {}
    await lifecycle.start()
    for _ in range(rounds):
        for size in SIZES:
            channel = await prepare(size)
            for name, act in acts.items():
                rates.setdefault(f"{name}, {size}", []).append(await rate(act, channel, seconds))
    await lifecycle.stop()
    return rates


if __name__ == "__main__":
    json.dump(uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]))), sys.stdout)
