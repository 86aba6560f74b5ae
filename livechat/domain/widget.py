"""Decides what the widget does on a page."""

from collections.abc import Iterable
from dataclasses import dataclass

from livechat.domain import rules as matching
from livechat.domain.enumerations import Absence, ButtonAction
from livechat.domain.rules import Page, Rule

AGAIN_SECONDS = 120
"""When a page asks again. It asks sooner while no operator is available, so that the chat becomes
available soon after one arrives."""
AGAIN_WHILE_AWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class WidgetDecision:
    """What the button does. The chat opens automatically after `timer_seconds`. `available` says
    whether an operator or a bot would respond. The page asks again after `again_in` seconds."""

    action: ButtonAction
    timer_seconds: int
    available: bool
    again_in: int


def answer(rules: Iterable[Rule], page: Page, absence: Absence) -> WidgetDecision:
    """Return what the widget does on `page`.

    If no rule applies, the button is shown. While neither an operator nor a bot is available,
    `absence` decides whether the button is shown; it has no notification and does not open.
    """
    rule = matching.choose(rules, page)
    action = rule.action if rule else ButtonAction.SHOW
    available = page.operator_available or bool(rule and rule.responder)
    if not available and action != ButtonAction.HIDE:
        action = ButtonAction.HIDE if absence == Absence.HIDE else ButtonAction.SHOW
    opens = rule is not None and action == ButtonAction.OPEN_AUTOMATICALLY
    return WidgetDecision(
        action=action,
        timer_seconds=rule.timer_seconds if rule and opens else 0,
        available=available,
        again_in=AGAIN_SECONDS if available else AGAIN_WHILE_AWAY_SECONDS,
    )
