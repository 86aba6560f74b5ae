"""The batch rule: which of the items that waited together become entries, with which numbers.

Every entry has a number in the staff timeline; a public entry also has one in the visitor's. Both
stay 1..n without a hole, so that a visitor cannot infer a note. Therefore only items that become
entries are numbered: doubles are dropped first, within the batch too.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(slots=True)
class Heads:
    """The last numbers given in one conversation: staff timeline and visitor timeline."""

    seq: int
    public_seq: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """`index` into the batch and the numbers given; `public_seq` is None for a note."""

    index: int
    seq: int
    public_seq: int | None


@dataclass(frozen=True, slots=True)
class Double:
    """The item at `index` repeats the one at `of`, which is in this very batch."""

    index: int
    of: int


def number(
    items: Iterable[tuple[int, int, Hashable, bool]], heads: Mapping[int, Heads]
) -> tuple[list[Numbered], list[Double]]:
    """Number the new items of a batch, in their order, and advance `heads`.

    An item is `(index, conversation, key, internal)`; two with the same conversation and key are
    the same entry, and the first one counts.
    """
    numbered: list[Numbered] = []
    doubles: list[Double] = []
    first: dict[tuple[int, Hashable], int] = {}
    for index, conversation, key, internal in items:
        of = first.setdefault((conversation, key), index)
        if of != index:
            doubles.append(Double(index, of))
            continue
        head = heads[conversation]
        head.seq += 1
        public_seq = None
        if not internal:
            head.public_seq += 1
            public_seq = head.public_seq
        numbered.append(Numbered(index, head.seq, public_seq))
    return numbered, doubles
