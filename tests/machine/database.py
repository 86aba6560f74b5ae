"""The tests' database: migrated once for all workers, and restored quickly after a test."""

import os
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from tests.machine import workers

SUFFIX = "of_{}"


def make(folder: Path, *, is_made: bool) -> None:
    """Connect this process to a test database of its own.

    Migrations take seconds, so one worker runs them in a database that no test uses. Each worker
    takes a copy. `folder` is shared by the workers; `is_made` says that the database exists.
    """
    creation, settings = connection.creation, connection.settings_dict
    if connection.vendor == "sqlite":
        settings["TEST"]["NAME"] = str(folder / "test.sqlite3")
    name = folder / "name"
    if not is_made:
        name.write_text(creation.create_test_db(verbosity=0, autoclobber=True, serialize=False))
    settings["NAME"] = name.read_text()
    if worker := workers.name_of(os.environ):
        connection.close()  # SQLite then writes its journal into the file
        creation.clone_test_db(suffix=SUFFIX.format(worker), verbosity=0, autoclobber=True)
        settings.update(creation.get_test_db_clone_settings(SUFFIX.format(worker)))


class Contents:
    """The rows of a freshly migrated database: content types, permissions and groups."""

    def __init__(self) -> None:
        tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        with connection.cursor() as cursor:
            self._rows = {table: _rows(cursor, table) for table in tables}

    def restore(self) -> None:
        """Undo what a test has committed.

        Django would empty all tables and create content types, permissions and groups again. This
        changes only tables that differ.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            changed = [*self._filled(cursor), *self._different(cursor)]
            for table in changed:
                cursor.execute(f"DELETE FROM {_quoted(table)}")
            for table in changed:
                for row in self._rows[table]:
                    marks = ", ".join(["%s"] * len(row))
                    cursor.execute(f"INSERT INTO {_quoted(table)} VALUES ({marks})", row)
        ContentType.objects.clear_cache()

    def _filled(self, cursor: Any) -> list[str]:
        """Return the tables that should be empty but have rows."""
        empty = [table for table, rows in self._rows.items() if not rows]
        asked = (
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_quoted(table)})" for table in empty
        )
        cursor.execute(" UNION ALL ".join(asked))
        return [table for (table,) in cursor.fetchall()]

    def _different(self, cursor: Any) -> list[str]:
        """Return the tables that should have rows but have other ones."""
        return [
            table for table, rows in self._rows.items() if rows and _rows(cursor, table) != rows
        ]


def _rows(cursor: Any, table: str) -> list[tuple[Any, ...]]:
    cursor.execute(f"SELECT * FROM {_quoted(table)} ORDER BY 1")
    return [tuple(row) for row in cursor.fetchall()]


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)
