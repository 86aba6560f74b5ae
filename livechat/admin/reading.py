"""Who looks, what he may see of the conversations, and what time it is where he is."""

import zoneinfo
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from livechat import policy
from livechat.domain.states import State
from livechat.errors import NotFound
from livechat.models import Conversation, Participant
from livechat.policy import StaffActor
from livechat.services import operators

NOBODY = StaffActor(user=0)


def actor_of(request: HttpRequest) -> StaffActor:
    """Return who asks with his rights as they are now; found once for each request."""
    known: StaffActor | None = getattr(request, "_livechat_actor", None)
    if known is None:
        try:
            known = operators.staff_actor(request.user.pk) if request.user.pk else NOBODY
        except NotFound:
            known = NOBODY
        request._livechat_actor = known  # type: ignore[attr-defined]  # remembered here only
    return known


def may_read_some(actor: StaffActor) -> bool:
    """Say whether there could be a conversation that `actor` may read."""
    return actor.is_manager or actor.is_analyst or actor.operator is not None


def readable(actor: StaffActor) -> QuerySet[Conversation]:
    """Return the conversations of which `policy.may_read` says yes, as one query."""
    rows = Conversation.objects.all()
    if actor.is_manager:
        return rows
    if actor.operator is not None:
        return rows.filter(Q(channel__in=actor.channels) | Q(pk__in=_taken_part_in(actor)))
    return rows.filter(state=State.CLOSED) if actor.is_analyst else rows.none()


def may_read(actor: StaffActor, conversation: Conversation) -> bool:
    """Ask the policy; who once took part keeps what he has read (decision 9)."""
    took_part = (
        actor.operator is not None
        and not actor.is_manager
        and conversation.channel_id not in actor.channels
        and _taken_part_in(actor).filter(conversation=conversation).exists()
    )
    return policy.may_read(actor, conversation, takes_part=took_part)


def _taken_part_in(actor: StaffActor) -> QuerySet[Participant, int]:
    return Participant.objects.filter(operator=actor.operator).values_list(
        "conversation", flat=True
    )


def zone_of(user: Any) -> tzinfo:
    """Return the time zone a user has chosen; the installation's while he has chosen none."""
    try:
        return zoneinfo.ZoneInfo(user.time_zone or timezone.get_default_timezone_name())
    except (AttributeError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return timezone.get_default_timezone()


class KnownLookups:
    """For a ModelAdmin: an address may filter by what the page offers, and by nothing else.

    Django lets any lookup on any column pass, among them regular expressions that take for ever
    and values that the database cannot compare.
    """

    def lookup_allowed(
        self, lookup: str, value: object, request: HttpRequest | None = None
    ) -> bool:
        offered = [*getattr(self, "list_filter", ()), getattr(self, "date_hierarchy", None)]
        names = {_offered(name) for name in offered} - {None}
        if lookup in ("pk", "id", "pk__in", "id__in") or lookup in names:
            return True
        is_known = any(lookup.startswith(f"{name}__") for name in names)
        return is_known and not lookup.endswith(("regex", "iregex"))


def _offered(name: Any) -> str | None:
    """Return what a filter is called in an address."""
    if isinstance(name, tuple):
        name = name[0]
    return name if isinstance(name, str) else getattr(name, "parameter_name", None)


class ReadersTime(KnownLookups):
    """For a ModelAdmin: lists, pages and histories tell the time where their reader is.

    The first of its bases: what others add to a page has to be there before it is rendered.
    """

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _in_zone(super().changelist_view, request, *args, **kwargs)  # type: ignore[misc]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _in_zone(super().changeform_view, request, *args, **kwargs)  # type: ignore[misc]

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _in_zone(super().history_view, request, *args, **kwargs)  # type: ignore[misc]


def _in_zone(
    view: Callable[..., HttpResponse], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponse:
    """Call `view` and render its page before the time zone is the server's again."""
    with timezone.override(zone_of(request.user)):
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    return response
