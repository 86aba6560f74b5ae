"""Searching text: what counts as the same, in every script.

`fold` maps each character on its own, so a text is searched in time linear in its length, and
`pattern` can list all characters that fold to the ones searched for.

- Case: ``ПЁТР`` finds ``пётр``; both Greek sigmas, and the Turkish dotless i and i, are the same.
- Accents, vowel points and nuktas, above, below or in the letter: ``ozlem`` finds ``Özlem``. Signs
  that make another sound stay: vowels of Indic and Thai writing, and the voicing of kana.
- Forms: full-width, ligatures, circled, superscript.
- Letters of which people write a part: ``strasse`` finds ``Straße``, ``lodz`` finds ``Łódź``.
- Characters that show nothing: joiners, soft hyphens, marks of direction, the Arabic tatweel.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain, filterfalse

from livechat.domain import text as texts

MAX_TERM = 100
"""Characters that are searched for; the rest is ignored."""
MAX_CLUSTER = 4
"""Letters of which all ways to write them are tried."""
MAX_LETTERS = 3
"""A character may fold to this many; `ﷺ`, a whole sentence, stays as it is."""
FOLDING = (
    *(range(0x3400), range(0xA000, 0xAC00), range(0xF900, 0x20000)),
    *(range(0x2F800, 0x2FA20), range(0xE0000, 0xE0080)),
)
"""All characters that folding can change. The others are Chinese, Korean and private."""

_LIKE = {
    **{"\u0131": "i", "ȷ": "j", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t"},
    **{"æ": "ae", "œ": "oe", "þ": "th"},
}
"""Letters that Unicode does not decompose, after case folding."""


def term_of(text: str) -> str:
    """Return the folded term that a reader searches for."""
    return fold(texts.normal(text[:MAX_TERM].strip().replace("\0", "")))[:MAX_TERM]


def fold(text: str) -> str:
    """Return `text` without case, accents and forms, in linear time.

    Two texts are the same for a search if they fold to the same.
    """
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def pattern(term: str) -> str:
    """Return a regular expression that finds a folded term in texts that are not folded.

    For PostgreSQL and Python alike. It finds what ``term in fold(text)`` finds. The exception are
    more than four letters in a row that may be written as two or three: ``sssss`` does not find
    ``sssß``.
    """
    parts, start = [], 0
    while start < len(term):
        end = _end_of_cluster(term, start)
        ways = list(_ways(term, start, end))
        parts.append(ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})")
        start = end
    return "".join(parts)


def _end_of_cluster(term: str, start: int) -> int:
    """Return where the letters end that are written together in some way, as ``ffi`` in ``ﬃ``."""
    at, end, last = start, start + 1, min(start + MAX_CLUSTER, len(term))
    while at < end:
        reached = range(end + 1, min(at + MAX_LETTERS, last) + 1)
        end = max((stop for stop in reached if _characters(term, at, stop)), default=end)
        at += 1
    return end


def _ways(term: str, start: int, end: int) -> Iterator[str]:
    """Yield a regular expression for every way to write the letters from `start` to `end`."""
    if start == end:
        yield ""
    for middle in range(start + 1, end + 1):
        characters = _characters(term, start, middle)
        if characters:
            for rest in _ways(term, middle, end):
                yield f"{_class(characters)}{_ignored_class()}*{rest}"


def _characters(term: str, start: int, end: int) -> frozenset[str]:
    """Return the characters that fold to these letters of a term.

    Where the term begins or ends, this includes those that fold to more: ``stras`` finds
    ``Straße``.
    """
    letters = term[start:end]
    found = _unfolded().get(letters, frozenset())
    if start == 0 or end == len(term):
        for more in _longer().get(letters, ()):
            before, _, after = more.partition(letters)
            if (not before or start == 0) and (not after or end == len(term)):
                found |= _unfolded()[more]
    return found | {letters} if len(letters) == 1 else found


@cache
def _longer() -> dict[str, set[str]]:
    """Return what characters fold to, by each shorter part of it."""
    found = defaultdict(set)
    for letters in _unfolded():
        for start in range(len(letters)):
            for end in range(start + 1, len(letters) + 1):
                if end - start < len(letters):
                    found[letters[start:end]].add(letters)
    return dict(found)


@cache
def _ignored_class() -> str:
    return _class(_unfolded()[""])


@lru_cache(maxsize=1024)
def _class(characters: frozenset[str]) -> str:
    """Return a class for a regular expression, with ranges. Escapes what PostgreSQL and Python
    read in another way."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    written = (
        _escaped(first) if first == last else f"{_escaped(first)}-{_escaped(last)}"
        for first, last in ranges
    )
    return f"[{''.join(written)}]"


def _escaped(code: int) -> str:
    return re.sub(r"[\[\]\\^\-&~|]", r"\\\g<0>", chr(code))


@cache
def _unfolded() -> dict[str, frozenset[str]]:
    """Return all characters that folding changes, by what they fold to; "" for ignored ones."""
    found = defaultdict(set)
    for character in map(chr, chain(*FOLDING)):
        folded = _folded(character)
        if folded != character:
            found[folded].add(character)
    return {folded: frozenset(characters) for folded, characters in found.items()}


class _Folds(dict[int, str]):
    """What each character folds to, computed when it is first met. Bounded by Unicode's size."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded(chr(code))
        return folded


_FOLDS = _Folds()


def _folded(character: str) -> str:
    if unicodedata.decomposition(character):
        parts = filterfalse(_is_ignored, texts.compatible_parts(character))
        letters = texts.normal("".join(parts).casefold())
    else:
        letters = "" if _is_ignored(character) else character.casefold()
    letters = "".join(_LIKE.get(letter, letter) for letter in letters)
    return letters if len(letters) <= MAX_LETTERS else character


def _is_ignored(character: str) -> bool:
    place = unicodedata.combining(character)
    return (
        # Above, below, attached to or inside the letter; nuktas; points of Hebrew and Arabic. The
        # other places are those of vowels and of the voicing of kana.
        place in (1, 7)
        or 10 <= place <= 36
        or place >= 200
        or character in _INVISIBLE
        or unicodedata.category(character) == "Cf"
    )


_INVISIBLE = frozenset("\u0640\u034f" + "".join(map(chr, range(0xFE00, 0xFE10))))
"""The tatweel, the grapheme joiner, and selectors of variants."""
