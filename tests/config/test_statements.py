"""A connection is told its limits once, however often it is taken from the pool."""

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from config import postgres, statements


@pytest.fixture
def limited(transactional_db, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no such limits")
    monkeypatch.setattr(postgres.Connection, "patience", None)
    connection_created.disconnect(dispatch_uid="config.statements")
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # a small one will do
    statements.limit(statement=31, lock=29)
    yield
    connection_created.disconnect(dispatch_uid="config.statements")
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # those that were told are nothing for the tests that follow


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def test_a_connection_keeps_its_limits_in_the_pool_and_is_not_told_again(limited):
    assert (shown("statement_timeout"), shown("lock_timeout")) == ("31s", "29s")
    raw = connection.connection
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '11s'")  # who told it again would undo this

    for _ in range(10):  # the pool hands them out in turn
        connection.close()
        connection.ensure_connection()
        if connection.connection is raw:
            break

    assert connection.connection is raw
    assert (shown("statement_timeout"), shown("lock_timeout")) == ("31s", "11s")
