"""The data of Admin's start page: channels, waiting visitors, notices and set-up steps.

It leaves out what the reader may not see. Each line links to the page where the reader can act.
The number of queries does not depend on the number of channels.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import Case, Count, Model, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from livechat.admin.setup_steps import Step, steps
from livechat.admin.visibility import actor_of, readable
from livechat.database import database_time
from livechat.domain.deliveries import DeliveryState
from livechat.domain.enumerations import State
from livechat.models import Channel, Conversation, Delivery, Membership
from livechat.models.conversation import OPEN
from livechat.policy import StaffActor
from livechat.services import inbox, login_attempts

MAX_CHANNELS = 12
MAX_WAITING = 8
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A channel and how busy it is: counts of conversations and operators, with addresses."""

    name: str
    address: str
    open: int
    open_address: str
    waiting: int
    waiting_address: str
    online: int
    operators: int


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A visitor who waits for an operator."""

    visitor: str
    channel: str
    waited: str
    address: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs a person: what happened, and the page where they can act."""

    icon: str
    text: str
    advice: str
    action: str
    address: str


@dataclass(slots=True)
class Overview:
    """Everything the reader may see. Lists are cut; `more_…` is the number left out."""

    now: datetime
    shows_channels: bool = False
    channels: list[ChannelLine] = field(default_factory=list)
    more_channels: int = 0
    has_channels: bool = False
    waiting: list[WaitingLine] = field(default_factory=list)
    more_waiting: int = 0
    notices: list[Notice] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    ended: int | None = None
    """Conversations closed in the last seven days, for analysts; None for other readers."""

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def open_steps(self) -> bool:
        return self.steps_done < len(self.steps)

    @property
    def is_new(self) -> bool:
        """Whether the reader may see channels, but there are none."""
        return self.shows_channels and not self.has_channels

    @property
    def is_empty(self) -> bool:
        """Whether the reader may see nothing here."""
        return not (self.shows_channels or self.notices or self.steps or self.ended is not None)


def overview(request: HttpRequest) -> Overview:
    """Return what the user of this request sees on the start page."""
    actor = actor_of(request)
    now = database_time.now()
    shown = Overview(now)
    if actor.may_enter and may_list(request, Channel):
        shown.shows_channels = True
        _add_channels(shown, request, actor)
        _add_waiting(shown, actor)
    shown.notices = list(_notices(request, now))
    shown.steps = steps(request, actor)
    if actor.is_analyst and not actor.may_enter:
        shown.ended = readable(actor).filter(closed_at__gte=now - RECENT).count()
    return shown


def may_list(request: HttpRequest, model: type[Model]) -> bool:
    """Say whether the user may open the list of `model`."""
    return bool(admin.site.get_model_admin(model).has_view_permission(request))


def _add_channels(shown: Overview, request: HttpRequest, actor: StaffActor) -> None:
    """Add the operator's active channels, or all for a manager; the busiest first."""
    rows = Channel.objects.active()
    if not actor.is_manager:
        rows = rows.filter(pk__in=actor.channels)
    total = rows.count()
    shown.has_channels = total > 0
    if not total:
        return
    busy = _conversations(rows)
    chosen = rows.order_by(*_busiest_first(busy), "name", "pk")[:MAX_CHANNELS]
    found = dict(chosen.values_list("pk", "name"))
    staffed = _operators(list(found), shown.now)
    shown.channels = [
        ChannelLine(
            name=name,
            address=reverse("admin:livechat_channel_change", args=[pk]),
            open=busy.get(pk, (0, 0))[0],
            open_address=_sessions(channel=pk, state__exact=State.ASSIGNED.value),
            waiting=busy.get(pk, (0, 0))[1],
            waiting_address=_sessions(channel=pk, state__exact=State.QUEUED.value),
            online=staffed.get(pk, (0, 0))[0],
            operators=staffed.get(pk, (0, 0))[1],
        )
        for pk, name in found.items()
    ]
    shown.more_channels = total - len(shown.channels)


def _conversations(channels: QuerySet[Channel]) -> dict[int, tuple[int, int]]:
    """Return channel -> number of conversations with an operator or bot, number that wait."""
    counted = Conversation.objects.filter(state__in=OPEN, channel__in=channels).order_by()
    found: dict[int, tuple[int, int]] = {}
    for channel, state, count in counted.values_list("channel", "state").annotate(Count("pk")):
        taken, left = found.get(channel, (0, 0))
        is_waiting = state == State.QUEUED
        found[channel] = (taken, left + count) if is_waiting else (taken + count, left)
    return found


def _busiest_first(busy: dict[int, tuple[int, int]]) -> list[Case]:
    """Return the order of channels: most waiting conversations first, then most open ones.

    It is empty where no channel is busy: for PostgreSQL the default alone would be the number of a
    column.
    """
    ranked = sorted(busy, key=lambda pk: (-busy[pk][1], -busy[pk][0], pk))[:MAX_CHANNELS]
    places = [When(pk=pk, then=Value(place)) for place, pk in enumerate(ranked)]
    return [Case(*places, default=Value(MAX_CHANNELS))] if places else []


def _operators(channels: list[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Return channel -> number of operators online, number of all its operators."""
    members = Membership.objects.enabled().filter(channel__in=channels)
    everyone = members.order_by().values_list("channel").annotate(Count("pk"))
    online = dict(members.online(now).order_by().values_list("channel").annotate(Count("pk")))
    return {channel: (online.get(channel, 0), count) for channel, count in everyone}


def _add_waiting(shown: Overview, actor: StaffActor) -> None:
    rows = inbox.visible(actor, Conversation.objects.waiting())
    total = rows.count()
    if not total:
        return
    for row in rows.select_related("visitor", "channel")[:MAX_WAITING]:
        name = row.visitor.name or _("Visitor #%(number)s") % {"number": row.visitor_id}
        address = f"{reverse('dashboard')}#{row.public_id}"
        waited = _waited(row.waiting_since or row.opened_at, shown.now)
        shown.waiting.append(WaitingLine(name, row.channel.name, waited, address))
    shown.more_waiting = total - len(shown.waiting)


def _waited(since: datetime, now: datetime) -> str:
    """Return the time since `since` as text, in its largest unit only."""
    if now - since < timedelta(minutes=1):
        return _("less than a minute")
    return timesince(since, now, depth=1)


def _notices(request: HttpRequest, now: datetime) -> Iterator[Notice]:
    if may_list(request, Delivery):
        yield from _of_deliveries()
    if may_list(request, AccessAttempt) and (count := login_attempts.locked(now).count()):
        text = ngettext(
            "%(n)d sign-in is locked after too many wrong passwords.",
            "%(n)d sign-ins are locked after too many wrong passwords.",
            count,
        )
        yield Notice(
            icon="lock_clock",
            text=text % {"n": count},
            advice=_("A lock ends after 15 minutes, or when you delete it."),
            action=_("Failed sign-ins"),
            address=reverse("admin:axes_accessattempt_changelist"),
        )


def _of_deliveries() -> Iterator[Notice]:
    counted = Delivery.objects.aggregate(
        given_up=Count("pk", filter=Q(state=DeliveryState.GIVEN_UP.value)),
        failing=Count("pk", filter=Q(state=DeliveryState.PENDING.value) & ~Q(failure="")),
    )
    if given_up := counted["given_up"]:
        text = ngettext(
            "%(n)d webhook delivery failed.",
            "%(n)d webhook deliveries failed.",
            given_up,
        )
        yield Notice(
            icon="error",
            text=text % {"n": given_up},
            advice=_("The receiver did not get them. You can retry them."),
            action=_("Deliveries"),
            address=_deliveries(DeliveryState.GIVEN_UP),
        )
    if failing := counted["failing"]:
        text = ngettext(
            "%(n)d webhook delivery is being retried.",
            "%(n)d webhook deliveries are being retried.",
            failing,
        )
        yield Notice(
            icon="sync_problem",
            text=text % {"n": failing},
            advice=_("Livechat retries for three days. Check the responses of the receiver."),
            action=_("Deliveries"),
            address=_deliveries(DeliveryState.PENDING),
        )


def _sessions(**chosen: object) -> str:
    return reverse("admin:livechat_conversation_changelist", query=chosen)


def _deliveries(state: DeliveryState) -> str:
    return reverse("admin:livechat_delivery_changelist", query={"state__exact": state.value})
