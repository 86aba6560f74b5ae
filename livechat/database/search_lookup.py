"""The lookup ``search_text``: a text contains a term, whatever the case and accents of both.

``Visitor.objects.filter(name__search_text="ozlem")`` finds ``Özlem``. `livechat.domain.search` says
what counts as the same; the results are the same on SQLite and PostgreSQL
(`docs/decisions/0027-search-folds-on-its-own.md`).
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField, Lookup, TextField

from livechat.domain import search


@CharField.register_lookup
@TextField.register_lookup
class SearchText(Lookup):
    """Finds texts that contain a term, of which the first 100 characters count.

    An empty term finds every text. The term is a value, never an expression.
    """

    lookup_name = "search_text"

    def get_prep_lookup(self) -> str:
        return search.term_of(str(self.rhs))

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        column, parameters = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} ~ %s", [*parameters, search.pattern(self.rhs)]
        return f"instr(livechat_fold({column}), %s) > 0", [*parameters, self.rhs]


def _add_function(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("livechat_fold", 1, _fold, deterministic=True)


def _fold(text: object) -> str | None:
    return None if text is None else search.fold(str(text))


connection_created.connect(_add_function, dispatch_uid="livechat.database.search_lookup")
