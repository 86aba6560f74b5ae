"""Which language is a chat shown in, and which one are operators told?

`decide` is the only decision ([decision 10](docs/decisions/0010-the-page-governs-the-language.md)).
It reads wishes: texts in the syntax of ``Accept-Language``, where a single tag is a list of one.
Websites write tags in many ways (``de_DE``, ``DE``, ``iw``, ``de_DE.UTF-8``), and browsers and
proxies pass on anything, so no wish is trusted to be a tag.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

MAX_WISH = 500
"""Characters of a wish that are read."""
MAX_TAGS = 20
"""Tags of a wish that are read."""

_DEPRECATED = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "no": "nb"}
"""Replaced languages of the IANA registry that websites still write. ``no`` is not deprecated, but
pages with ``no`` are in Bokmål, and two names for one language would never match each other."""
_NO_LANGUAGE = {"und", "mul", "mis", "zxx"}
"""Undetermined, several, none with a code, and no language at all."""

_END = r"(?![^\W_])"
_TAG = re.compile(
    rf"([a-z]{{2,3}}){_END}"
    rf"(?:[-_][a-z]{{3}}{_END}){{0,3}}"  # extended languages, as in zh-cmn-Hans
    rf"(?:[-_]([a-z]{{4}}){_END})?"
    rf"(?:[-_]([a-z]{{2}}|[0-9]{{3}}){_END})?",
    re.ASCII | re.IGNORECASE,
)
_WEIGHT = re.compile(r"\bq=(0?\.[0-9]{1,3}|[01])", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChatLanguage:
    """`shown`: the code of the language that everything in the chat is in. `reads`: what operators
    are told, the tag of the language that the visitor reads, such as ``de-AT``; "" if unknown."""

    reads: str
    shown: str

    @property
    def wish(self) -> str:
        """A wish that leads to the same decision again, also without the browser's header."""
        return ", ".join(dict.fromkeys([self.reads, self.shown])) if self.reads else ""


def decide(wishes: Iterable[str], offered: Collection[str], default: str) -> ChatLanguage:
    """Return the language of a chat; the first wish counts most.

    Operators are told the first usable tag of all. The chat is shown in the first one that is
    `offered`, where ``de-AT`` falls back to ``de``, else in `default`. `offered`: lower-case codes.
    """
    reads = ""
    # Lazily: most pages are in an offered language, and then no header is read.
    for tag in chain.from_iterable(map(tags, filter(None, wishes))):
        reads = reads or tag
        for code in _from_narrow_to_wide(tag.lower()):
            if code in offered:
                return ChatLanguage(reads, code)
    return ChatLanguage(reads, default)


def tags(wish: str) -> list[str]:
    """Return the usable tags of a wish, normalised; the most wanted first, those with q=0 never."""
    weighed = []
    for part in wish[:MAX_WISH].split(",", MAX_TAGS)[:MAX_TAGS]:
        tag, _semicolon, parameters = part.partition(";")
        weight = _WEIGHT.search(parameters)
        weighed.append((float(weight[1]) if weight else 1.0, normal(tag)))
    weighed.sort(key=lambda pair: -pair[0])  # stable: equal ones stay in order
    return [tag for weight, tag in weighed if tag and weight]


def normal(tag: str) -> str:
    """Return a tag as BCP 47 writes it, such as ``zh-Hant-TW``; "" if it names no language.

    At most 11 characters: language, script and region. The rest of a tag (variants, extensions,
    private use, the character set of a POSIX locale) does not change which language it is.
    """
    found = _TAG.match(tag.strip())
    if found is None:
        return ""
    language, script, region = (part or "" for part in found.groups())
    language = language.lower()
    if language in _NO_LANGUAGE:
        return ""
    parts = (_DEPRECATED.get(language, language), script.title(), region.upper())
    return "-".join(filter(None, parts))


def primary(tag: str) -> str:
    """Return the language of a tag without script and region, such as ``zh``; "" if it has none."""
    return normal(tag).partition("-")[0]


def _from_narrow_to_wide(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]
