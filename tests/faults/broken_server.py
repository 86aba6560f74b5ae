"""A server with one promise broken: ``python -m tests.faults.broken_server <variant> serve …``.

The checker must find every variant, except `sound`, which breaks nothing and must pass. Heartbeats
are frequent here, so that what can repair itself does so within seconds.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import django
from django.core.management import execute_from_command_line
from django.db import connection, transaction

from livechat import wire

wire.HEARTBEAT_SECONDS = 2  # before any module reads it
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from livechat import events  # noqa: E402 - needs the apps to be loaded
from livechat.bus import bus  # noqa: E402
from livechat.consumers.base import BaseConsumer  # noqa: E402
from livechat.consumers.group_commit import Outcome, writer  # noqa: E402
from livechat.domain import numbering  # noqa: E402
from livechat.models import Message  # noqa: E402
from livechat.services.messages import Item, Posted  # noqa: E402

BEFORE_COMMIT = 0.3
"""Seconds by which a commit is delayed, so that a kill easily falls between promise and commit."""


def sound() -> None:
    """Breaks nothing."""


def ack_before_commit() -> None:
    """Acknowledge messages when their rows are written, before they are committed."""
    sockets: dict[Item, BaseConsumer] = {}
    loops: list[asyncio.AbstractEventLoop] = []
    submit = writer.submit

    def submit_noting(item: Item, answer: Any) -> None:
        loops[:] = [asyncio.get_running_loop()]
        sockets[item] = answer.__self__
        submit(item, answer)

    def acknowledge(items: Sequence[Item], answers: Sequence[Outcome]) -> None:
        for item, answer in zip(items, answers, strict=True):
            socket = sockets.get(item)
            if socket is not None and isinstance(answer, Posted):
                del sockets[item]
                ack = wire.Ack(item.client_id, answer.at, answer.seq, item.conversation)
                loops[0].call_soon_threadsafe(socket.send_event, ack)

    writer.submit = submit_noting  # type: ignore[method-assign]
    _commit_late(acknowledge)


def publish_before_commit() -> None:
    """Publish events when their rows are written, before they are committed."""
    events._after_commit = bus.publish
    _commit_late(lambda items, answers: None)


def no_dedupe() -> None:
    """Store a repeated message again."""
    post = writer._post

    def post_always(items: Sequence[Item]) -> list[Outcome]:
        # Store each message under a new id, so that none is a repeat; then restore its own id.
        fresh = [replace(item, client_id=uuid4()) for item in items]
        with transaction.atomic():
            answers = post(fresh)
            for item, stored in zip(items, fresh, strict=True):
                Message.objects.filter(client_id=stored.client_id).update(client_id=item.client_id)
        return answers

    writer._post = post_always


def order_by_time() -> None:
    """Number entries by the clock."""

    def number(
        items: Iterable[Any], heads: Mapping[Any, numbering.Heads]
    ) -> tuple[list[numbering.Numbered], list[numbering.Duplicate]]:
        found = []
        for index, conversation, _key, internal in items:
            head = heads[conversation]
            head.seq = max(head.seq + 1, time.time_ns() // 10**6)
            head.public_seq = head.public_seq if internal else head.seq
            public_seq = None if internal else head.public_seq
            found.append(numbering.Numbered(index, head.seq, public_seq))
        return found, []

    numbering.number = number


VARIANTS: dict[str, Callable[[], None]] = {
    breakage.__name__: breakage
    for breakage in (sound, ack_before_commit, publish_before_commit, no_dedupe, order_by_time)
}


def main(variant: str, arguments: Sequence[str]) -> None:
    """Break the promise of `variant`, then do what ``manage.py`` does."""
    VARIANTS[variant]()
    execute_from_command_line(["manage.py", *arguments])
    if (variant, arguments[0]) == ("no_dedupe", "migrate"):
        _forget_once()


def _commit_late(meanwhile: Callable[[Sequence[Item], Sequence[Outcome]], None]) -> None:
    """Call `meanwhile` after a batch is written and before it is committed, which is delayed."""
    post = writer._post

    def post_late(items: Sequence[Item]) -> list[Outcome]:
        with transaction.atomic():
            answers = post(items)
            meanwhile(items, answers)
            time.sleep(BEFORE_COMMIT)
        return answers

    writer._post = post_late


def _forget_once() -> None:
    """Drop the database constraint that would reject the repeats of `no_dedupe`."""
    rules = Message._meta.constraints
    [once] = [rule for rule in rules if rule.name == "message_once"]
    # SQLite creates the table again from the remaining constraints.
    Message._meta.constraints = [rule for rule in rules if rule is not once]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Message, once)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
