"""Write new and changed rows of several models, on PostgreSQL with one statement.

Each statement costs a round trip, and while a lock is held, others wait for it too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, ForeignKey, Model

Change = tuple[Model, Sequence[str]]
"""A stored row, and the names of its fields to write."""


def write(new: Sequence[Model], changed: Sequence[Change] = ()) -> None:
    """Insert the `new` rows and update the `changed` ones.

    A foreign key of a new row may be a row before it that has no pk yet. Afterwards all have their
    pks. Sends no signals on PostgreSQL; elsewhere each row is saved by itself. Call it in a
    transaction. Raises IntegrityError.
    """
    if connection.vendor == "postgresql":
        _write_at_once(new, changed)
    else:
        for row in new:
            row.save(force_insert=True)
        for row, names in changed:
            row.save(update_fields=names)


def _write_at_once(new: Sequence[Model], changed: Sequence[Change]) -> None:
    sources = {id(row): f"new_{n}" for n, row in enumerate(new)}
    parts: list[str] = []
    values: list[Any] = []
    for row in new:
        columns, terms, used = [], [], []
        for field in row._meta.local_concrete_fields:
            if field.primary_key:
                continue
            columns.append(_name(field))
            source = sources.get(id(_unsaved(row, field)))
            if source is None:
                terms.append("%s")
                values.append(_value(row, field, add=True))
            else:
                terms.append(f"{source}.pk")
                used.append(source)
        parts.append(
            f"{sources[id(row)]} AS (INSERT INTO {_table(row)} ({', '.join(columns)}) "
            f"SELECT {', '.join(terms)}{_from(used)} RETURNING {_name(row._meta.pk)} AS pk)"
        )
    for n, (row, names) in enumerate(changed):
        fields = [field for field in row._meta.local_concrete_fields if field.name in names]
        values += [*(_value(row, field, add=False) for field in fields), row.pk]
        sets = ", ".join(f"{_name(field)} = %s" for field in fields)
        update = f"UPDATE {_table(row)} SET {sets}"  # noqa: S608 - names are ours
        parts.append(f"changed_{n} AS ({update} WHERE {_name(row._meta.pk)} = %s)")
    pks = ", ".join(f"{source}.pk" for source in sources.values())
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT {pks}{_from(sources.values())}", values)
        stored = cursor.fetchone() or ()
    for row, pk in zip(new, stored, strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, connection.alias
        for field in row._meta.local_concrete_fields:
            if (related := _unsaved(row, field)) is not None:
                setattr(row, field.name, related)  # sets the column, too


def _unsaved(row: Model, field: Field) -> Model | None:
    """Return the related row of a foreign key that `row` was given before it had a pk."""
    if not isinstance(field, ForeignKey) or getattr(row, field.attname) is not None:
        return None
    related: Model | None = field.get_cached_value(row, None)
    return related


def _value(row: Model, field: Field, *, add: bool) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add), connection)


def _name(field: Any) -> str:
    return str(connection.ops.quote_name(field.column))


def _table(row: Model) -> str:
    return str(connection.ops.quote_name(row._meta.db_table))


def _from(sources: Iterable[str]) -> str:
    return f" FROM {', '.join(names)}" if (names := list(dict.fromkeys(sources))) else ""
