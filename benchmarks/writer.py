"""``python -m benchmarks.writer``: compare the writer alone with one ORM transaction per message.

Each sender has its own conversation and waits for the commit before it sends the next message.
Prints as JSON: design -> number of senders -> messages per second of each round.
"""

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from channels.db import database_sync_to_async  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from config.server import lifecycle  # noqa: E402
from livechat.consumers.group_commit import BATCH_WRITERS, Writer  # noqa: E402
from livechat.domain.enumerations import Kind, Role  # noqa: E402
from livechat.models import Conversation, Message, Participant  # noqa: E402
from livechat.policy import VisitorActor  # noqa: E402
from livechat.services.messages import Item, Posted, PostResult  # noqa: E402

Send = Callable[[Item], Awaitable[object]]

WARM_UP = 0.25
"""The share of the time, from the start, that is not counted."""


async def writer_sends(item: Item) -> None:
    """Post through the product's writer, as a socket does."""
    done: asyncio.Future[PostResult] = asyncio.get_running_loop().create_future()
    _writer.submit(item, lambda _item, answer: done.set_result(answer))
    assert isinstance(await done, Posted)


_writer = Writer(batch_writers=BATCH_WRITERS)


@database_sync_to_async
@transaction.atomic
def orm_sends(item: Item) -> None:
    """Post with the ORM: lock, look for a duplicate, number, insert, advance."""
    conversation = Conversation.objects.select_for_update().get(public_id=item.conversation)
    author = Participant.objects.get(conversation=conversation, role=Role.VISITOR.value)
    if Message.objects.filter(author=author, client_id=item.client_id).exists():
        return
    conversation.seq += 1
    conversation.public_seq += 1
    conversation.last_message_at = timezone.now()
    Message.objects.create(
        conversation=conversation,
        seq=conversation.seq,
        public_seq=conversation.public_seq,
        kind=Kind.TEXT.value,
        author=author,
        client_id=item.client_id,
        text=item.text,
        created_at=conversation.last_message_at,
    )
    conversation.save(update_fields=["seq", "public_seq", "last_message_at"])


async def measure(
    send: Send, chats: Sequence[tuple[VisitorActor, uuid.UUID]], seconds: float
) -> float:
    """Return the messages stored per second, with one sender per chat."""
    counted, started = 0, time.perf_counter()
    begin, end = started + WARM_UP * seconds, started + seconds

    async def sender(actor: VisitorActor, conversation: uuid.UUID) -> None:
        nonlocal counted
        while (sent := time.perf_counter()) < end:
            await send(Item(actor, conversation, uuid.uuid4(), "May I ask you something?"))
            counted += sent >= begin

    await asyncio.gather(*(sender(*chat) for chat in chats))
    return counted / (time.perf_counter() - begin)


async def main(
    rounds: int, seconds: float, counts: Sequence[int]
) -> dict[str, dict[int, list[float]]]:
    """Return the rates of both designs, measured alternately in each round."""
    designs: dict[str, Send] = {"writer": writer_sends, "ORM per message": orm_sends}
    rates: dict[str, dict[int, list[float]]] = {name: {n: [] for n in counts} for name in designs}
    chats = await database_sync_to_async(_chats)(max(counts))
    await lifecycle.start()
    for _ in range(rounds):
        for count in counts:
            for name, send in designs.items():
                rates[name][count].append(await measure(send, chats[:count], seconds))
    await lifecycle.stop()
    return rates


def _chats(count: int) -> list[tuple[VisitorActor, uuid.UUID]]:
    rows = Conversation.objects.open().select_related("visitor").order_by("pk")[:count]
    return [(VisitorActor(row.visitor.public_id, row.channel_id), row.public_id) for row in rows]


if __name__ == "__main__":
    json.dump(
        uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), [int(n) for n in sys.argv[3:]])),
        sys.stdout,
    )
