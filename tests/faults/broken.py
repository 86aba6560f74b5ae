"""The same server with one promise broken: ``python -m tests.faults.broken <variant> serve …``.

For the checker to be worth anything it must find each of these. Heartbeats are quick here, so that
what repairs itself has done so in seconds; ``sound`` breaks nothing and must pass.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

HEARTBEAT_SECONDS = 2
BEFORE_COMMIT = 0.1
"""Seconds between a promise and the commit it should have waited for: a kill hits it easily."""


def sound() -> None:
    """Nothing is broken."""


def ack_before_commit() -> None:
    """The writer acknowledges when the rows are written, not when they are committed."""
    from livechat import wire
    from livechat.consumers.base import BaseConsumer
    from livechat.consumers.writer import writer
    from livechat.services import messages

    sockets: dict[tuple[Any, str], BaseConsumer] = {}
    submit, post = writer.submit, messages._Batch.post
    loops: list[asyncio.AbstractEventLoop] = []

    def submit_noting(item: messages.Item, answer: Any) -> None:
        loops[:] = [asyncio.get_running_loop()]
        sockets[item.conversation, str(item.client_id)] = answer.__self__
        submit(item, answer)

    def post_hastily(batch: messages._Batch) -> list[messages.Answer]:
        outcomes = post(batch)
        for item, outcome in zip(batch.items, outcomes, strict=True):
            socket = sockets.pop((item.conversation, str(item.client_id)), None)
            if socket is not None and isinstance(outcome, messages.Posted):
                ack = wire.Ack(item.client_id, outcome.at, outcome.seq, item.conversation)
                loops[0].call_soon_threadsafe(socket.say, ack)
        time.sleep(BEFORE_COMMIT)
        return outcomes

    writer.submit = submit_noting  # type: ignore[method-assign]
    messages._Batch.post = post_hastily  # type: ignore[method-assign]


def publish_before_commit() -> None:
    """Events leave when the rows are written, not when they are committed."""
    from livechat import events
    from livechat.bus import bus
    from livechat.services import messages

    post = messages._Batch.post

    def post_slowly(batch: messages._Batch) -> list[messages.Answer]:
        outcomes = post(batch)
        time.sleep(BEFORE_COMMIT)
        return outcomes

    events._after_commit = bus.publish
    messages._Batch.post = post_slowly  # type: ignore[method-assign]


def no_dedupe() -> None:
    """A text that comes twice is stored twice."""
    from uuid import uuid4

    from livechat.domain import numbering
    from livechat.services import messages

    admit, number = messages._Batch.admit, numbering.number

    def admit_always(batch: messages._Batch, item: messages.Item) -> Any:
        batch.stored = {}
        return admit(batch, item)

    def number_all(items: Iterable[Any], heads: Mapping[Any, numbering.Heads]) -> Any:
        return number([(i, chat, uuid4(), note) for i, chat, _key, note in items], heads)

    messages._Batch.admit = admit_always  # type: ignore[method-assign]
    numbering.number = number_all


def order_by_time() -> None:
    """Entries are numbered by the clock."""
    from livechat.domain import numbering

    def number(
        items: Iterable[Any], heads: Mapping[Any, numbering.Heads]
    ) -> tuple[list[numbering.Numbered], list[numbering.Double]]:
        found = []
        for index, conversation, _key, internal in items:
            head = heads[conversation]
            head.seq = max(head.seq + 1, time.time_ns() // 10**6)
            head.public_seq = head.public_seq if internal else head.seq
            public_seq = None if internal else head.public_seq
            found.append(numbering.Numbered(index, head.seq, public_seq))
        return found, []

    numbering.number = number


def forget_once() -> None:
    """Drop the constraint that would be the backstop of `no_dedupe`."""
    from django.db import connection

    from livechat.models import Message

    rules = Message._meta.constraints
    [once] = [rule for rule in rules if rule.name == "message_once"]
    rules.remove(once)  # SQLite makes the table anew from what is left
    with connection.schema_editor() as editor:
        editor.remove_constraint(Message, once)


VARIANTS: dict[str, Callable[[], None]] = {
    breakage.__name__: breakage
    for breakage in (sound, ack_before_commit, publish_before_commit, no_dedupe, order_by_time)
}


def main(variant: str, arguments: Sequence[str]) -> None:
    """Break what `variant` names, then do what ``manage.py`` does."""
    from livechat import wire

    # Before anything reads it.
    wire.HEARTBEAT_SECONDS = HEARTBEAT_SECONDS
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    VARIANTS[variant]()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *arguments])
    if (variant, arguments[0]) == ("no_dedupe", "migrate"):
        forget_once()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
