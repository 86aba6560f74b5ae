"""Many rows in one statement: turns a list of values into a table that SQL can join."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec
from django.db.backends.base.base import BaseDatabaseWrapper


def table(
    connection: BaseDatabaseWrapper, columns: Mapping[str, str], rows: Sequence[object]
) -> tuple[str, list[Any]]:
    """Return the SQL of a table named ``batch``, to write after FROM, and its parameters.

    `columns` maps the attributes of a row to PostgreSQL types. On PostgreSQL the whole batch is one
    parameter, because hundreds of parameters would cost more than the statement itself.
    """
    values = map(attrgetter(*columns), rows)
    if connection.vendor == "postgresql":
        kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        json = msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in values])
        return f"json_to_recordset(%s) AS batch ({kinds})", [json.decode()]
    names = ", ".join(f"column{n} AS {name}" for n, name in enumerate(columns, 1))
    marks = "(" + ", ".join(["%s"] * len(columns)) + ")"
    return (
        f"(SELECT {names} FROM (VALUES {', '.join([marks] * len(rows))})) AS batch",  # noqa: S608
        [_plain(value, connection) for row in values for value in row],
    )


def _plain(value: Any, connection: BaseDatabaseWrapper) -> Any:
    """Return a value as SQLite stores it."""
    match value:
        case UUID():
            return value.hex
        case datetime():
            return connection.ops.adapt_datetimefield_value(value)
    return value
