"""Numbers the items of a batch: decides which become entries, and with which numbers.

Every entry has a number in the staff timeline. A public entry also has one in the visitor's
timeline. Both run 1..n without a gap, so that a visitor cannot infer a note. Therefore only items
that become entries are numbered. Items that repeat another one of the batch are not.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Heads:
    """The last numbers used in one conversation: in the staff and in the visitor timeline."""

    seq: int
    public_seq: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """The numbers of the item at `index` of the batch; `public_seq` is None for a note."""

    index: int
    seq: int
    public_seq: int | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The item at `index` repeats the one at `of` in the same batch."""

    index: int
    of: int


def number(
    items: Iterable[tuple[int, int, Hashable, bool]], heads: Mapping[int, Heads]
) -> tuple[list[Numbered], list[Duplicate]]:
    """Return the numbered items of a batch, in their order, and the doubles. Advances `heads`.

    An item is `(index, conversation, key, internal)`. Two items with the same conversation and key
    are one entry; the first one counts.
    """
    numbered: list[Numbered] = []
    duplicates: list[Duplicate] = []
    first: dict[tuple[int, Hashable], int] = {}
    for index, conversation, key, internal in items:
        of = first.setdefault((conversation, key), index)
        if of != index:
            duplicates.append(Duplicate(index, of))
            continue
        head = heads[conversation]
        head.seq += 1
        public_seq = None
        if not internal:
            head.public_seq += 1
            public_seq = head.public_seq
        numbered.append(Numbered(index, head.seq, public_seq))
    return numbered, duplicates
