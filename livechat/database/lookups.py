"""Lookups by integers that the column cannot hold: they match nothing, also in a list.

Django does this for single numbers only.
"""

from typing import Any

from django.db.models import IntegerField
from django.db.models.lookups import In


@IntegerField.register_lookup
class IntegerIn(In):
    """Drops numbers outside the column's range from the list; databases fail on them."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        if self.rhs_is_direct_value():
            kind = self.lhs.output_field.get_internal_type()
            low, high = connection.ops.integer_field_range(kind)
            self.rhs = [one for one in self.rhs if not isinstance(one, int) or low <= one <= high]
        return super().process_rhs(compiler, connection)
