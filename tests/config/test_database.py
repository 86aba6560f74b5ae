"""A connection gets its limits once, however often it is taken from the pool."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.signals import connection_created

from config import database


@pytest.fixture
def has_limits(transactional_db, monkeypatch) -> Iterator[bool]:
    """Whether the database knows the limits of new connections."""
    monkeypatch.setattr(database.Connection, "response_timeout", None)
    _begin_anew()
    database.limit_statements(statement_seconds=31, lock_seconds=29)
    yield connection.vendor == "postgresql"
    _begin_anew()


def _begin_anew() -> None:
    """Close all connections, and set limits neither for these nor for the tests that follow."""
    connection_created.disconnect(dispatch_uid="config.database")
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has one


def _shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def test_a_connection_keeps_its_limits_in_the_pool_and_they_are_set_once(has_limits):
    made: dict[int, object] = {}
    statements: list[str] = []

    def listen(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        for _ in range(10):  # the pool returns its connections in turn
            connection.close()
            connection.ensure_connection()
            made[id(connection.connection)] = connection.connection

    assert len([sql for sql in statements if "set_config" in sql]) == (
        len(made) if has_limits else 0
    )
    if has_limits:
        assert (_shown("statement_timeout"), _shown("lock_timeout")) == ("31s", "29s")
