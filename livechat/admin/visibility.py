"""The user of an Admin request: the conversations they may read, and their time zone."""

import zoneinfo
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from livechat import policy
from livechat.admin.list_parameters import OfferedParametersMixin
from livechat.domain.enumerations import State, SystemEvent
from livechat.errors import NotFound
from livechat.models import Conversation, Message, PageView, Participant, Visitor
from livechat.policy import StaffActor
from livechat.services import operators, participation, timeline

NOBODY = StaffActor(user=0)


def actor_of(request: HttpRequest) -> StaffActor:
    """Return the user of a request with their current rights; looked up once per request."""
    known: StaffActor | None = getattr(request, "_livechat_actor", None)
    if known is None:
        try:
            known = operators.staff_actor(request.user.pk) if request.user.pk else NOBODY
        except NotFound:
            known = NOBODY
        request._livechat_actor = known  # type: ignore[attr-defined]  # used only here
    return known


def may_read_some(actor: StaffActor) -> bool:
    """Say whether `actor` may read any conversation, if there is one."""
    return actor.is_manager or actor.is_analyst or actor.operator is not None


def readable(actor: StaffActor) -> QuerySet[Conversation]:
    """Return the conversations that `policy.readable_until` lets `actor` read, as one query.

    The annotation `readable_to_end` says whether `actor` may read all of it. If not, they may read
    it up to the entry with which they left.
    """
    rows = Conversation.objects.annotate(readable_to_end=_as_column(readable_to_end(actor)))
    if actor.is_manager:
        return rows
    if actor.operator is not None:
        return rows.filter(Q(channel__in=actor.channels) | Q(pk__in=_participations(actor)))
    return rows.filter(state=State.CLOSED) if actor.is_analyst else rows.none()


def readable_to_end(actor: StaffActor, conversation: str = "") -> Q:
    """Return the condition for conversations that `actor` may read without an end.

    `conversation` is the path to them from other rows, as in ``conversation__``.
    """
    if actor.is_manager or actor.operator is None:
        return Q(pk__isnull=False)
    return Q(**{f"{conversation}channel__in": actor.channels}) | Q(
        **{f"{conversation}pk__in": _participations(actor).filter(left_at=None)}
    )


def may_read(actor: StaffActor, conversation: Conversation) -> bool:
    """Say whether `actor` may read any of it. Former participants keep what they could read."""
    return readable_until(actor, conversation) > 0


def readable_until(actor: StaffActor, conversation: Conversation) -> int:
    """Return the number of the last entry that `actor` may read, by `policy.readable_until`."""
    return policy.readable_until(actor, conversation, participation.part_of(actor, conversation))


def readable_messages(actor: StaffActor, rows: QuerySet[Message]) -> QuerySet[Message]:
    """Return the messages in `rows` that `actor` may read: of a conversation they left, those
    before they left. The caller checks that `actor` may see the conversations at all."""
    if actor.is_manager or actor.operator is None:
        return rows
    left = Message.objects.filter(
        conversation=OuterRef("conversation"),
        subject__operator=actor.operator,
        event__in=[SystemEvent.LEFT.value, SystemEvent.LOST.value],
        seq__gt=OuterRef("seq"),
    )
    return rows.filter(readable_to_end(actor, "conversation__") | Exists(left))


def trail_of(actor: StaffActor, visitor: Visitor) -> QuerySet[PageView]:
    """Return a visitor's page views, up to the time of the last entry that `actor` may read."""
    rows = readable(actor).filter(visitor=visitor)
    if rows.filter(readable_to_end(actor)).exists():
        return visitor.page_views.all()
    ends = [timeline.ends_at(row, last) for row in rows if (last := readable_until(actor, row))]
    until = max((moment for moment in ends if moment is not None), default=None)
    return visitor.page_views.filter(at__lte=until) if until else visitor.page_views.none()


def _as_column(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


def _participations(actor: StaffActor) -> QuerySet[Participant, int]:
    return Participant.objects.filter(operator=actor.operator).values_list(
        "conversation", flat=True
    )


def zone_of(user: Any) -> tzinfo:
    """Return the time zone that a user has chosen, else the installation's."""
    try:
        return zoneinfo.ZoneInfo(user.time_zone or timezone.get_default_timezone_name())
    except (AttributeError, ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return timezone.get_default_timezone()


class ReaderTimeZoneMixin(OfferedParametersMixin):
    """For a ModelAdmin: pages use the user's time zone, and lists accept only offered parameters.

    Make it the first base class: it renders the page, so the other bases must add to it before.
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
    """Call `view` and render its response while the user's time zone is active."""
    with timezone.override(zone_of(request.user)):
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response.render()
    return response
