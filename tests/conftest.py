"""Fixtures for every test: people, a channel, sockets."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

import pytest
import pytest_asyncio
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as properties

from livechat import outbox
from livechat.bus import Post, bus
from livechat.consumers import thread_pool
from livechat.consumers.base import BaseConsumer
from livechat.consumers.group_commit import writer
from livechat.limiter import limiter
from livechat.models import Channel, Operator
from livechat.policy import VisitorActor
from livechat.services import response_times
from tests import factories
from tests.machine.database import Contents, make
from tests.machine.workers import once
from tests.sockets import Sockets

# No deadline for one example: the computer may be busy.
properties.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow], parent=properties()
)
properties.load_profile("patient")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment, django_db_blocker, django_db_keepdb, tmp_path_factory
) -> Iterator[None]:
    """Provide a database for each worker, copied from one that is migrated once."""
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        with once(tmp_path_factory, "database") as (folder, is_made):
            make(folder, is_made=is_made)
        contents = Contents()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: contents.restore())
        yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            connection.creation.destroy_test_db(name, verbosity=0)


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Serve static files under their plain names. Tests of hashing switch it on themselves."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """Hash passwords with MD5: a real hash takes a quarter of a second of CPU."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def plain_english():
    """Activate English for the test: a request leaves its language active in the thread."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def fresh_process(settings):
    """Reset what the process counts and caches, so that tests do not see each other's."""
    limiter.forget()
    outbox.listeners.forget()
    response_times.forget()
    mine = settings.CACHES["default"] | {"KEY_PREFIX": uuid.uuid4().hex}
    settings.CACHES = settings.CACHES | {"default": mine}


@pytest.fixture
def berlin(db) -> Channel:
    return factories.channel("Berlin")


@pytest.fixture
def anna(berlin: Channel) -> Operator:
    return factories.operator("anna", berlin)


@pytest.fixture
def ben(berlin: Channel) -> Operator:
    """A colleague of Anna, who gets the first chat: between equals, chance would decide."""
    return factories.operator("ben", berlin, last_assigned_at=timezone.now() - timedelta(hours=1))


@pytest.fixture
def vera(berlin: Channel) -> VisitorActor:
    """A visitor of Berlin's website."""
    return factories.visitor(berlin)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Post]:
    """Collect the posts sent to the bus, with their groups."""
    posts: list[Post] = []
    original = bus.publish

    def publish(posts_: Sequence[Post]) -> None:
        posts.extend(posts_)
        original(posts_)

    monkeypatch.setattr(bus, "publish", publish)
    return posts


@pytest_asyncio.fixture
async def sockets(transactional_db) -> AsyncIterator[Sockets]:
    """Open real sockets on the real ASGI application, with the bus and the writer of this loop."""
    await bus.attach()
    opened = Sockets()
    yield opened
    try:
        await opened.close()
    finally:
        await writer.empty()
        await bus.detach()
        BaseConsumer.live.clear()
        BaseConsumer.all_sockets.clear()
        await asyncio.gather(
            *(_close_connections(pool) for pool in (thread_pool.pool(), writer.pool))
        )


async def _close_connections(pool) -> None:
    """Close the connections of all threads in a pool, before the database is emptied."""
    loop = asyncio.get_running_loop()
    size = pool._max_workers
    barrier = threading.Barrier(size)

    def close() -> None:
        barrier.wait(30)
        connections.close_all()

    await asyncio.gather(*(loop.run_in_executor(pool, close) for _ in range(size)))
