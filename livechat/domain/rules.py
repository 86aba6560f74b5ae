"""Which rule of a channel applies to this page and country?

Rules with countries are tried before the others, each group in its order.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlunsplit

from livechat.domain import patterns, text
from livechat.domain.enumerations import ButtonAction, ResponderCondition

MAX_URL = text.MAX_URL


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as matching sees it. `countries` are ISO codes, empty for every country. `responder`
    names a bot, "" without one; `responder_ready` says whether that bot can take conversations."""

    pk: int
    sequence: int
    action: ButtonAction
    pattern: str = ""
    timer_seconds: int = 0
    countries: frozenset[str] = field(default_factory=frozenset)
    responder: str = ""
    responder_ready: bool = True
    condition: ResponderCondition = ResponderCondition.ALWAYS


@dataclass(frozen=True, slots=True)
class Page:
    """The page a visitor looks at: its address as `normal_url` returns it, the visitor's country
    or "", and whether the channel has an available operator."""

    url: str
    country: str = ""
    operator_available: bool = True


class Reason(StrEnum):
    """Why a rule does not apply."""

    OTHER_COUNTRY = "other_country"
    COUNTRY_UNKNOWN = "country_unknown"
    URL = "url"
    RESPONDER_NOT_READY = "responder_not_ready"
    OPERATOR_AVAILABLE = "operator_available"
    NO_OPERATOR = "no_operator"
    ANOTHER_FIRST = "another_first"


def choose(rules: Iterable[Rule], page: Page) -> Rule | None:
    """Return the rule that applies; None when none does, and the button is shown.

    Rules with the visitor's country are tried first, then those without countries, both in the
    order of `sequence` and pk. Rules for other countries never apply. When the country is unknown,
    no rule with countries applies.
    """
    ordered = _order(rules, page.country)
    found = patterns.found(tuple(rule.pattern for rule in ordered), page.url)
    return next((rule for rule in ordered if _refusal(rule, page, found) is None), None)


def explain(rules: Iterable[Rule], page: Page) -> list[tuple[Rule, Reason | None]]:
    """Return every rule with the reason why it does not apply; None for the one that does."""
    rules = list(rules)
    winner = choose(rules, page)
    found = patterns.found(tuple(rule.pattern for rule in rules), page.url)
    return [
        (
            rule,
            None
            if rule is winner
            else (_elsewhere(rule, page) or _refusal(rule, page, found) or Reason.ANOTHER_FIRST),
        )
        for rule in sorted(rules, key=_sequence)
    ]


def normal_url(url: str) -> str:
    """Return the address in which patterns are searched; "" for text that is not a web address.

    It has no credentials, a fragment only if that is a route (``#/``, ``#!``), and at most 2,048
    characters.
    """
    url = url[: 8 * MAX_URL]
    if not url.isprintable():
        url = "".join(char for char in url if char.isprintable())
    try:
        parts = text.split_url(url.strip(), 8 * MAX_URL)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    host = parts.netloc.rpartition("@")[2]
    fragment = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return urlunsplit((parts.scheme, host, parts.path, parts.query, fragment))[:MAX_URL]


def _order(rules: Iterable[Rule], country: str) -> Sequence[Rule]:
    rules = sorted(rules, key=_sequence)
    here = [rule for rule in rules if country and country in rule.countries]
    return here + [rule for rule in rules if not rule.countries]


def _sequence(rule: Rule) -> tuple[int, int]:
    return (rule.sequence, rule.pk)


def _elsewhere(rule: Rule, page: Page) -> Reason | None:
    if not rule.countries or page.country in rule.countries:
        return None
    return Reason.OTHER_COUNTRY if page.country else Reason.COUNTRY_UNKNOWN


def _refusal(rule: Rule, page: Page, found: Container[str]) -> Reason | None:
    if rule.pattern not in found:
        return Reason.URL
    if rule.responder and not rule.responder_ready:
        return Reason.RESPONDER_NOT_READY
    if rule.condition == ResponderCondition.NO_OPERATOR and page.operator_available:
        return Reason.OPERATOR_AVAILABLE
    if rule.condition == ResponderCondition.OPERATOR and not page.operator_available:
        return Reason.NO_OPERATOR
    return None
