"""Admin's start page: the overview of the chat, and the findings of the checks.

`context` is a callback of `settings.UNFOLD`.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from config import doctor
from config.doctor import Finding, Level
from livechat.admin.overview import overview
from livechat.admin.visibility import actor_of

KEEP_SECONDS = 30.0
"""How long a process caches the findings: the checks take a while."""
PAGES = {"websites": "admin:livechat_channel_changelist"}
"""Check -> Admin page where its findings can be fixed. Other checks have no such page."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding of a check; `address` is "" if no Admin page can fix it."""

    is_error: bool
    message: str
    advice: str
    address: str


@dataclass
class _Kept:
    lines: list[FindingLine]
    until: float


_kept: _Kept | None = None


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the template context of the start page, limited to what the user may see."""
    may_see_findings = request.user.is_superuser or actor_of(request).is_manager
    return context | {
        "title": _("Overview"),
        "overview": overview(request),
        "findings": findings() if may_see_findings else [],
    }


def findings() -> list[FindingLine]:
    """Return the warnings and errors of the checks, cached for `KEEP_SECONDS`."""
    global _kept
    now = time.monotonic()
    if _kept is None or now >= _kept.until:
        _kept = _Kept(_look(), time.monotonic() + KEEP_SECONDS)
    return _kept.lines


def forget() -> None:
    """Clear the cache, so that the next call of `findings` runs the checks."""
    global _kept
    _kept = None


def _look() -> list[FindingLine]:
    return [
        _line(name, finding)
        for name, finding in doctor.examine(doctor.CHECKS_OF_THIS_HOST)
        if finding.level is not Level.OK
    ]


def _line(check: str, finding: Finding) -> FindingLine:
    address = reverse(PAGES[check]) if check in PAGES else ""
    return FindingLine(finding.level is Level.ERROR, finding.message, finding.advice, address)
