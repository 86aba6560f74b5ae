"""A number that no column can hold is not there: alone, as Django has it, and in a list."""

from typing import Any

from django.db.models import IntegerField
from django.db.models.lookups import In


@IntegerField.register_lookup
class IntegerIn(In):
    """Leaves out what is beyond the column's range, at which databases fail."""

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        if self.rhs_is_direct_value():
            kind = self.lhs.output_field.get_internal_type()
            low, high = connection.ops.integer_field_range(kind)
            self.rhs = [one for one in self.rhs if not isinstance(one, int) or low <= one <= high]
        return super().process_rhs(compiler, connection)
