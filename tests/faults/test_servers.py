"""The throw-away servers behave as fault tests expect."""

import psycopg
import pytest
import redis as redis_client

from tests.machine import postgres, redis

pytestmark = pytest.mark.faults


def test_a_killed_postgres_loses_no_commit_and_cuts_connections():
    with postgres.running() as server:
        with psycopg.connect(server.url, autocommit=True) as before:
            before.execute("CREATE TABLE kept (number int)")
            before.execute("INSERT INTO kept VALUES (1)")

            server.kill_immediate()
            with pytest.raises(psycopg.OperationalError):
                before.execute("SELECT 1")
            server.start()

        with psycopg.connect(server.url) as after:
            assert after.execute("SELECT number FROM kept").fetchall() == [(1,)]


def test_a_killed_redis_comes_back_empty_at_the_same_address():
    with redis.running() as server, redis_client.Redis.from_url(server.url) as client:
        client.set("a", "b")

        server.kill()
        with pytest.raises(redis_client.ConnectionError):
            client.get("a")
        server.start()

        assert client.get("a") is None


def test_flushall_forgets_keys_and_keeps_connections():
    with redis.running() as server, redis_client.Redis.from_url(server.url) as client:
        client.set("a", "b")

        server.flushall()

        assert client.get("a") is None
