"""What does the widget do on this page, now?"""

from collections.abc import Iterable
from dataclasses import dataclass

from livechat.domain import rules as matching
from livechat.domain.rules import Page, Rule
from livechat.domain.states import Absence, ButtonAction

AGAIN_SECONDS = 120
"""When a page asks again; sooner while nobody is there, so that the chat opens with the team."""
AGAIN_WHILE_AWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class WidgetDecision:
    """What the button does. `timer_seconds` is for opening by itself; `available`: somebody,
    human or not, would answer; `again_in` seconds the page should ask again."""

    action: ButtonAction
    timer_seconds: int
    available: bool
    again_in: int


def answer(rules: Iterable[Rule], page: Page, absence: Absence) -> WidgetDecision:
    """Return what the widget does on `page`.

    No rule shows the button. While nobody would answer, nothing draws attention to a chat: the
    button stays or goes as the channel says (`absence`), without notification and without opening.
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
