"""The bus, which carries frames to sockets, and the writer, which stores messages in batches."""

import asyncio
import threading
import time
import uuid
from dataclasses import replace

import pytest
from django.db import OperationalError
from prometheus_client import REGISTRY

from livechat.bus import Bus, Post, Registry
from livechat.consumers.group_commit import Writer
from livechat.errors import Unavailable
from livechat.policy import VisitorActor
from livechat.services.messages import Busy, Item, Posted, Refused
from tests import factories
from tests.sockets import RecordingSubscriber

# --- registry


def test_a_socket_in_two_groups_of_a_post_hears_it_once():
    registry, subscriber = Registry(), RecordingSubscriber()
    registry.join(subscriber, "a")
    registry.join(subscriber, "b")

    registry.deliver([Post(("a", "b"), "one")])

    assert subscriber.frames == ["one"]


def test_a_post_enlists_before_what_follows_it():
    registry, subscriber, other = Registry(), RecordingSubscriber(), RecordingSubscriber()
    registry.join(subscriber, "user.1")
    registry.join(other, "user.2")

    registry.deliver(
        [Post(("user.1", "user.2"), "opened", "talk", join=("user.1",)), Post(("talk",), "hello")]
    )

    assert subscriber.frames == ["opened", "hello"]
    assert other.frames == ["opened"]


def test_a_subscriber_that_is_removed_gets_that_frame_and_no_later_one():
    registry, subscriber = Registry(), RecordingSubscriber()
    registry.join(subscriber, "user.1")
    registry.join(subscriber, "talk")

    registry.deliver([Post(("talk",), "left", "talk", leave=("user.1",)), Post(("talk",), "on")])

    assert subscriber.frames == ["left"]


def test_a_dropped_socket_leaves_nothing_behind():
    registry, subscriber = Registry(), RecordingSubscriber()
    for group in "abc":
        registry.join(subscriber, group)

    registry.drop(subscriber)
    registry.deliver([Post(("a",), "x")])

    assert subscriber.frames == []
    assert registry.groups_of(subscriber) == frozenset()
    assert not registry._sockets


async def test_publishing_from_a_thread_arrives_on_the_loop():
    bus, subscriber = Bus(), RecordingSubscriber()
    await bus.attach()
    bus.registry.join(subscriber, "a")

    thread = threading.Thread(target=bus.publish, args=([Post(("a",), "from a thread")],))
    thread.start()
    thread.join()
    await asyncio.sleep(0.01)
    await bus.detach()

    assert subscriber.frames == ["from a thread"]


@pytest.mark.services
async def test_two_processes_hear_each_other_through_redis():
    one, two = Bus(), Bus()
    near, far = RecordingSubscriber(), RecordingSubscriber()
    await one.attach()
    await two.attach()
    one.registry.join(near, "a")
    two.registry.join(far, "a")
    async with asyncio.timeout(20):
        while not far.frames:
            one.publish([Post(("a",), "hello")])
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    await one.detach()
    await two.detach()

    assert far.frames
    assert set(far.frames) == {"hello"}
    assert len(near.frames) >= len(far.frames)


@pytest.mark.services
async def test_installations_that_share_a_redis_do_not_hear_each_other(settings):
    ours, theirs = [Bus(), Bus()], [Bus(), Bus()]
    subscribers = {bus: RecordingSubscriber() for bus in (*ours, *theirs)}
    first = settings.REDIS_URL.rpartition("/")[0]
    for number, buses in enumerate((ours, theirs), start=14):
        settings.REDIS_URL = f"{first}/{number}"
        for bus in buses:
            await bus.attach()
            bus.registry.join(subscribers[bus], "a")

    async with asyncio.timeout(20):
        for (one, other), said in ((theirs, "theirs"), (ours, "ours")):
            while not subscribers[other].frames:
                one.publish([Post(("a",), said)])
                await asyncio.sleep(0.02)
    for bus in subscribers:
        await bus.detach()

    assert {frame for bus in theirs for frame in subscribers[bus].frames} == {"theirs"}
    assert {frame for bus in ours for frame in subscribers[bus].frames} == {"ours"}


@pytest.mark.services
def test_a_job_without_a_loop_reaches_the_sockets(settings):
    async def listen() -> list[str]:
        bus, subscriber, job = Bus(), RecordingSubscriber(), Bus()
        await bus.attach()
        bus.registry.join(subscriber, "a")
        async with asyncio.timeout(20):
            while not subscriber.frames:
                await asyncio.to_thread(job.publish, [Post(("a",), "from a job")])
                await asyncio.sleep(0.02)
        await bus.detach()
        return subscriber.frames

    assert "from a job" in asyncio.run(listen())


def test_a_redis_that_is_not_there_fails_no_send(settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    bus = Bus()
    failures = REGISTRY.get_sample_value("livechat_bus_failures_total") or 0

    bus.publish([Post(("a",), "lost")])

    assert REGISTRY.get_sample_value("livechat_bus_failures_total") == failures + 1


# --- writer


def items(number: int) -> list[Item]:
    who = VisitorActor(uuid.uuid4(), 1)
    return [Item(who, uuid.uuid4(), uuid.uuid4(), str(n)) for n in range(number)]


async def written(post, batch) -> list:
    writer, answers = Writer(post), []
    for item in batch:
        writer.submit(item, lambda item, outcome: answers.append((item, outcome)))
    await writer.empty()
    return answers


async def test_what_waits_during_a_write_is_written_together():
    sizes = []

    def post(batch):
        sizes.append(len(batch))
        time.sleep(0.02)
        return [Posted(1, factories.minutes_ago(0)) for _ in batch]

    writer, answers = Writer(post), []
    batch = items(30)
    writer.submit(batch[0], lambda *answer: answers.append(answer))
    await asyncio.sleep(0.005)
    for item in batch[1:]:
        writer.submit(item, lambda *answer: answers.append(answer))
    await writer.empty()

    assert sizes == [1, 29]
    assert [item for item, _ in answers] == batch


@pytest.mark.parametrize("error", [OperationalError("deadlock"), ValueError("a bug of ours")])
async def test_a_batch_that_fails_is_tried_one_by_one(error, monkeypatch):
    monkeypatch.setattr(Writer, "_database_answers", lambda self: True)
    batch = items(5)

    def post(some):
        if batch[2] in some:
            raise error
        return [Posted(1, factories.minutes_ago(0)) for _ in some]

    writer_answers = await written(post, batch)

    refused = [item for item, outcome in writer_answers if isinstance(outcome, Refused)]
    assert refused == [batch[2]]
    assert len(writer_answers) == 5


async def test_without_a_database_every_sender_gets_a_refusal_and_none_waits_for_ever(monkeypatch):
    tries = []

    def post(some):
        tries.append(len(some))
        raise OperationalError("gone")

    monkeypatch.setattr(Writer, "_database_answers", lambda self: False)
    answers = await written(post, items(20))

    assert all(isinstance(outcome.error, Unavailable) for _, outcome in answers)
    assert tries == [20, 1]


async def test_while_one_pen_waits_for_the_disk_another_one_writes():
    released = threading.Event()
    batch = items(8)
    slow = [item for item in batch if item.conversation.int % 2]
    quick = [item for item in batch if not item.conversation.int % 2]

    def post(some):
        if some[0] in slow:
            released.wait(20)
        return [Posted(1, factories.minutes_ago(0)) for _ in some]

    writer, answers = Writer(post, batch_writers=2), []
    for item in batch:
        writer.submit(item, lambda item, outcome: answers.append(item))
    async with asyncio.timeout(10):
        while len(answers) < len(quick):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    before = list(answers)
    assert not slow or writer.oldest(time.monotonic()) > 0.05
    released.set()
    await writer.empty()

    assert before == quick
    assert answers == [*quick, *slow]
    assert writer.oldest(time.monotonic()) == 0


async def test_a_conversation_keeps_its_order_however_many_pens_write():
    place = uuid.uuid4()
    batch = [replace(item, conversation=place) for item in items(50)]
    others = items(50)

    def post(some):
        time.sleep(0.001)
        return [Posted(1, factories.minutes_ago(0)) for _ in some]

    writer, answers = Writer(post, batch_writers=2), []
    for item, other in zip(batch, others, strict=True):
        for one in (item, other):
            writer.submit(one, lambda item, outcome: answers.append(item))
        await asyncio.sleep(0)
    await writer.empty()

    assert [item for item in answers if item.conversation == place] == batch
    assert len(answers) == 100


async def test_an_answer_that_raises_does_not_affect_other_answers():
    [first, second] = items(2)
    writer, answers = Writer(lambda some: [Posted(1, factories.minutes_ago(0)) for _ in some]), []

    def fail(_item, _outcome):
        raise ValueError("a bug of ours")

    errors = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context))
    writer.submit(first, fail)
    await writer.empty()
    writer.submit(second, lambda item, outcome: answers.append(item))
    await writer.empty()

    assert answers == [second]
    assert isinstance(errors[0]["exception"], ValueError)


async def test_too_many_waiting_are_refused_at_once(monkeypatch):
    monkeypatch.setattr("livechat.consumers.group_commit.MAX_WAITING", 3)
    released = threading.Event()

    def post(some):
        released.wait(5)
        return [Posted(1, factories.minutes_ago(0)) for _ in some]

    writer, answers = Writer(post), []
    for item in items(1):
        writer.submit(item, lambda *answer: answers.append(answer))
    await asyncio.sleep(0.01)
    for item in items(5):
        writer.submit(item, lambda *answer: answers.append(answer))
    refused_at_once = len(answers)
    released.set()
    await writer.empty()

    assert refused_at_once == 2
    assert len(answers) == 6


async def test_a_locked_conversation_delays_no_other(monkeypatch):
    released = threading.Event()
    batch = items(6)
    held = batch[0].conversation
    batch[3] = replace(batch[3], conversation=held)
    batch[5] = replace(batch[5], conversation=held)
    free = [item for item in batch if item.conversation != held]

    def post(some):
        return [
            Busy() if item.conversation == held else Posted(1, factories.minutes_ago(0))
            for item in some
        ]

    def wait_and_post(some):
        released.wait(5)
        return [Posted(1, factories.minutes_ago(0)) for _ in some]

    writer, answers = Writer(post), []
    monkeypatch.setattr(writer.locked, "_post", wait_and_post)
    for item in batch[:5]:
        writer.submit(item, lambda item, outcome: answers.append(item))
    while len(answers) < len(free):
        await asyncio.sleep(0.01)
    writer.submit(batch[5], lambda item, outcome: answers.append(item))
    await asyncio.sleep(0.05)
    before = list(answers)
    released.set()
    await writer.empty()

    assert before == free
    assert answers == [*free, batch[0], batch[3], batch[5]]


async def test_what_stays_locked_is_refused_and_may_come_again(monkeypatch):
    [item] = items(1)

    def locked(_some):
        raise OperationalError("lock timeout")

    writer, answers = Writer(lambda some: [Busy() for _ in some]), []
    monkeypatch.setattr(writer.locked, "_post", locked)
    writer.submit(item, lambda item, outcome: answers.append(outcome))
    await writer.empty()

    [outcome] = answers
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, Unavailable)
    assert item.conversation not in writer.locked
