"""The texts of the demo bar: what the chat does on this page, and because of which rule."""

from dataclasses import dataclass

from config.demo.countries import Country
from livechat.database import database_time
from livechat.domain import rules
from livechat.domain.enumerations import ButtonAction
from livechat.domain.rules import Page, Rule
from livechat.models import Channel
from livechat.services import assignment

QUIET = (ButtonAction.SHOW, ButtonAction.HIDE)


@dataclass(frozen=True)
class Behaviour:
    """What the chat does on a page, and why; `but` names what prevents it now, or ""."""

    what: str
    why: str
    but: str = ""


def behaviour(channel: Channel | None, url: str, country: Country | None) -> Behaviour:
    """Return what the chat does on the page with this address for a visitor from `country`."""
    if channel is None:
        return Behaviour("there is no chat", "because the demo’s channel was archived or deleted")
    available = assignment.is_anybody_available(channel, database_time.now())
    page = Page(rules.normal_url(url), country.code if country else "", available)
    rule = rules.choose((row.as_rule() for row in channel.rules.all()), page)
    action = rule.action if rule else ButtonAction.SHOW
    waits = not available and action not in QUIET
    return Behaviour(
        what=_what(action, rule.timer_seconds if rule else 0),
        why=_why(rule, country),
        but="but only when an operator is in the inbox" if waits else "",
    )


def _what(action: ButtonAction, seconds: int) -> str:
    match action:
        case ButtonAction.SHOW:
            return "the button is shown"
        case ButtonAction.SHOW_WITH_NOTIFICATION:
            return "the button is shown with a notification"
        case ButtonAction.OPEN_AUTOMATICALLY if seconds:
            return f"the chat opens automatically after {seconds} s"
        case ButtonAction.OPEN_AUTOMATICALLY:
            return "the chat opens automatically"
        case ButtonAction.HIDE:
            return "the button is hidden"


def _why(rule: Rule | None, country: Country | None) -> str:
    if rule is None:
        return "because no rule applies"
    where = f"addresses that match “{rule.pattern}”" if rule.pattern else "all other pages"
    whence = f" and visitors from {country.name}" if rule.countries and country else ""
    return f"because of the rule for {where}{whence}"
