"""Conversations and their participants."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db import connections, models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from livechat.database.value_tables import table
from livechat.domain.enumerations import Outcome, Role, State, Status
from livechat.domain.routing import FRESH_FOR
from livechat.models.choices import OUTCOMES, ROLES, STATES, STATUSES
from livechat.models.operator import account_name

OPEN = [State.QUEUED.value, State.BOT.value, State.ASSIGNED.value]

LIMIT_WINDOW = timedelta(minutes=15)
LOAD_WINDOW = timedelta(minutes=30)
PRESENT_FOR = timedelta(minutes=10)
"""How long a visitor counts as present after they wrote, or after their browser was connected."""


@dataclass(slots=True)
class Head:
    """The columns of a conversation that new entries read and change.

    It is a plain value, because a batch reads hundreds and a model instance costs ten times as
    much.
    """

    pk: int
    public_id: uuid.UUID
    channel_id: int
    state: str
    seq: int
    public_seq: int
    last_message_at: datetime
    waiting_since: datetime | None
    answered_at: datetime | None
    status: str
    outcome: str
    revision: int
    visitor_public_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """A present or former participant of a conversation, also as a plain value.

    `may_write` is False for operators who left, lost the right to answer, or whose account is
    inactive.
    """

    pk: int
    conversation_id: int
    role: str
    display_name: str
    operator_id: int | None
    operator_public_id: uuid.UUID | None
    visitor_public_id: uuid.UUID
    user_name: str | None
    may_write: bool

    @property
    def staff_name(self) -> str:
        return self.display_name or account_name(self.user_name or "")


class Load(NamedTuple):
    """How many open conversations an operator takes part in, as routing counts them."""

    total: int
    """In all channels, with a message in the last `LOAD_WINDOW`."""
    in_channel: int
    """In one channel, with a message in the last `LIMIT_WINDOW`."""
    is_fresh: bool
    """Whether they joined one of them within `FRESH_FOR`."""


class Before(NamedTuple):
    """How many conversations of a channel come before one that is opened now."""

    in_line: int
    """Waiting, of present visitors."""
    taken: int = 0
    """Of its address, with an operator."""
    held: int = 0
    """Of its address, held."""


_HELD = Q(is_held=True, state=State.QUEUED.value)
_IN_LINE = Q(is_held=False, state=State.QUEUED.value)


def _with_activity(since: datetime) -> Q:
    return Q(last_message_at__gte=since) | Q(waiting_since__isnull=False)


def _is_present(now: datetime) -> Q:
    since = now - PRESENT_FOR
    return Q(last_message_at__gte=since) | Q(visitor_present_at__gte=since)


def _taken(since: datetime) -> Q:
    return Q(state=State.ASSIGNED.value) & _with_activity(since)


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def open(self) -> Self:
        return self.filter(state__in=OPEN)

    def waiting(self) -> Self:
        """Return the conversations that no operator has, the oldest first."""
        return self.filter(state=State.QUEUED).order_by("opened_at")

    def in_line(self, now: datetime) -> Self:
        """Return the conversations that wait for an operator, in the order in which they get one.

        Those of present visitors come first, the oldest first, then the others. Held ones are left
        out.
        """
        absent = Case(When(_is_present(now), then=0), default=1)
        return self.filter(_IN_LINE).order_by(absent, "opened_at", "pk")

    def lock(self, *, waits: bool = True) -> Self:
        """Lock the conversations in the order of their pk, which all code uses.

        Without `waits`, conversations that another transaction has locked are left out.
        """
        return self.select_for_update(of=("self",), skip_locked=not waits).order_by("pk")

    def among(self, conversations: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
        """Return the ids among `conversations` that exist."""
        rows = self.filter(public_id__in=list(conversations))
        return frozenset(rows.values_list("public_id", flat=True).order_by())

    def with_participant(self, operator: int) -> Self:
        """Return the conversations in which this operator takes part now."""
        return self.filter(
            pk__in=Participant.objects.present().filter(operator_id=operator).values("conversation")
        )

    def with_activity(self, since: datetime) -> Self:
        """Return the open conversations with a message since `since` or a visitor who waits."""
        return self.open().filter(_with_activity(since))

    def taken(self, since: datetime) -> Self:
        """Return the conversations that operators have, with activity since `since`."""
        return self.filter(_taken(since))

    def held(self) -> Self:
        """Return the waiting conversations that the limit of their address holds back.

        The state is asked for too, because code of the previous version never clears `is_held`.
        """
        return self.filter(_HELD, address_hash__isnull=False)

    def before_newcomer(self, address_hash: str | None, now: datetime) -> Before:
        """Return what a conversation that is opened now finds before it. One query."""
        of_address, waits = Q(address_hash=address_hash), _IN_LINE & _is_present(now)
        if address_hash is None:
            return Before(in_line=self.filter(waits).exists())
        rows = self.open().filter(of_address | waits)
        return Before(
            **rows.aggregate(
                in_line=Count("pk", filter=waits),
                taken=Count("pk", filter=of_address & _taken(now - LIMIT_WINDOW)),
                held=Count("pk", filter=of_address & _HELD),
            )
        )

    def to_release(self, since: datetime) -> Self:
        """Return the held conversations that are no longer to be held, the oldest first.

        For each address it is the oldest one, if fewer conversations than the channel's limit are
        `taken`; in channels without a limit all of them.
        """
        of_address = {"channel": OuterRef("channel"), "address_hash": OuterRef("address_hash")}
        rows = Conversation.objects.filter(**of_address).order_by()
        taken = rows.taken(since).values("channel").annotate(count=Count("pk")).values("count")
        limit = "channel__max_chats_per_address"
        return (
            self.held()
            .alias(taken_count=Coalesce(Subquery(taken), 0))
            .filter(
                Q(**{f"{limit}__isnull": True})
                | Q(~Exists(rows.held().filter(pk__lt=OuterRef("pk"))), taken_count__lt=F(limit))
            )
            .order_by("pk")
        )

    def lock_heads(self, conversations: Iterable[uuid.UUID], *, waits: bool = True) -> list[Head]:
        """Lock the conversations with these ids, and return the columns that posting needs.

        `visitor_public_id` stays empty, because a join here would lock the visitors' rows too;
        `ParticipantQuerySet.authors` returns it.
        """
        rows = self.filter(public_id__in=list(conversations)).lock(waits=waits)
        return [Head(*row) for row in rows.values_list(*_HEAD)]

    def with_operators(
        self, conversations: Iterable[int]
    ) -> list[tuple["Conversation", list["Participant"]]]:
        """Return the conversations, each with its present operators and all rows a view needs."""
        rows = self.filter(pk__in=list(conversations))
        present = Participant.objects.present().operators().select_related("operator__user")
        return [
            (row, list(row.participants.all()))
            for row in rows.select_related("visitor", "channel", "operator__user").prefetch_related(
                models.Prefetch("participants", present)
            )
        ]

    def advance(self, heads: Sequence[Head]) -> None:
        """Write the changes of a batch in one statement. The conversations must be locked."""
        connection = connections[self.db]
        batch, values = table(connection, _ADVANCE, heads)
        sets = ", ".join(f"{name} = batch.{name}" for name in _ADVANCE if name != "pk")
        sql = (
            f"UPDATE livechat_conversation SET {sets} FROM {batch} "  # noqa: S608 - names are ours
            "WHERE livechat_conversation.id = batch.pk"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, values)


_ADVANCE = {
    "pk": "bigint",
    "seq": "bigint",
    "public_seq": "bigint",
    "last_message_at": "timestamptz",
    "waiting_since": "timestamptz",
    "answered_at": "timestamptz",
    "status": "text",
    "outcome": "text",
    "revision": "bigint",
}
_HEAD = ("pk", "public_id", "channel_id", "state", *list(_ADVANCE)[1:])


class Conversation(models.Model):
    """One chat of a visitor on a channel.

    `seq` and `public_seq` are the last numbers used in the staff and in the visitor timeline.
    `revision` counts changes of everything that lists show, so that an older event never undoes a
    newer one. The main operator is a column, so there is never more than one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.ForeignKey("livechat.Channel", models.PROTECT, related_name="conversations")
    visitor = models.ForeignKey("livechat.Visitor", models.PROTECT, related_name="conversations")
    opening_id = models.UUIDField(editable=False)

    state = models.CharField(max_length=16, choices=STATES)
    status = models.CharField(max_length=24, choices=STATUSES, blank=True, default="")
    outcome = models.CharField(max_length=16, choices=OUTCOMES, default=Outcome.NO_AGENT.value)
    operator = models.ForeignKey(
        "livechat.Operator",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="conversations",
        verbose_name=_("main operator"),
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)

    revision = models.PositiveBigIntegerField(default=1)
    seq = models.PositiveBigIntegerField(default=0)
    public_seq = models.PositiveBigIntegerField(default=0)
    visitor_seen = models.PositiveBigIntegerField(default=0)
    visitor_seen_public = models.PositiveBigIntegerField(default=0)
    staff_seen = models.PositiveBigIntegerField(default=0)
    staff_seen_public = models.PositiveBigIntegerField(default=0)

    opened_at = models.DateTimeField(db_index=True)
    last_message_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True, blank=True)
    visitor_present_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the visitor's browser was last seen connected while the conversation waited."""
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    country = models.CharField(max_length=2, blank=True, default="")
    language = models.CharField(max_length=35, blank=True, default="")
    page_url = models.CharField(max_length=2048, blank=True, default="")
    page_title = models.CharField(max_length=300, blank=True, default="")
    referrer = models.CharField(max_length=2048, blank=True, default="")
    page_key = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    """Number of the last key of `services/page_keys.py` that was used, 0 for none."""

    address_hash = models.CharField(max_length=32, null=True, editable=False)  # noqa: DJ001
    """`services/address_limit.py` counts by it; None if the channel had no limit at the opening,
    and after the end."""
    is_held = models.BooleanField(default=False, db_default=False, editable=False)
    """It waits because of the limit of its address; counts only while no operator has it."""

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("session")  # the name in the Admin and in reports
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "visitor"], condition=Q(state__in=OPEN), name="one_open_chat"
            ),
            models.UniqueConstraint(fields=["visitor", "opening_id"], name="opening_once"),
            models.CheckConstraint(
                condition=Q(state=State.ASSIGNED.value, status__in=[s.value for s in Status])
                | (~Q(state=State.ASSIGNED.value) & Q(status="")),
                name="status_only_while_assigned",
            ),
            models.CheckConstraint(
                condition=Q(state=State.CLOSED.value, closed_at__isnull=False)
                | (~Q(state=State.CLOSED.value) & Q(closed_at__isnull=True)),
                name="closed_has_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(state=State.ASSIGNED.value, operator__isnull=False)
                | Q(state__in=[State.QUEUED.value, State.BOT.value], operator__isnull=True)
                | Q(state=State.CLOSED.value),
                name="assigned_has_an_operator",
            ),
            models.CheckConstraint(
                condition=Q(public_seq__lte=F("seq")), name="public_is_part_of_all"
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "state", "-last_message_at"], name="conversation_inbox"
            ),
            models.Index(
                fields=["operator", "state", "-last_message_at"], name="conversation_load"
            ),
            models.Index(fields=["visitor", "channel", "-id"], name="conversation_of_visitor"),
            models.Index(
                fields=["channel", "address_hash", "state", "id"],
                condition=Q(address_hash__isnull=False),
                name="conversation_of_address",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_closed(self) -> bool:
        return self.state == State.CLOSED

    @property
    def visitor_public_id(self) -> uuid.UUID:
        return self.visitor.public_id

    def assign(self, operator: Any, now: datetime) -> None:
        """Put `operator` in charge. The row must be locked; the caller saves."""
        self.state = State.ASSIGNED.value
        self.status = Status.IN_PROGRESS.value
        self.operator = operator
        self.is_held = False
        if self.outcome == Outcome.NO_AGENT:
            self.outcome = Outcome.NO_ANSWER.value
        self.revision += 1

    def release(self) -> None:
        """Put it back into the queue. The row must be locked; the caller saves."""
        self.state = State.QUEUED.value
        self.status = ""
        self.operator = None
        self.revision += 1

    def close(self, now: datetime) -> None:
        """Close it. The row must be locked; the caller saves."""
        self.state = State.CLOSED.value
        self.status = ""
        self.closed_at = max(now, self.opened_at)
        self.waiting_since = None
        self.snoozed_until = None
        self.address_hash = None
        self.is_held = False
        self.revision += 1


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def present(self) -> Self:
        return self.filter(left_at__isnull=True)

    def operators(self) -> Self:
        return self.filter(role=Role.OPERATOR)

    def current(self) -> Self:
        """Return the operators who take part in open conversations."""
        return self.filter(
            is_current=True,
            role=Role.OPERATOR,
            left_at__isnull=True,
            conversation__state__in=OPEN,
        ).order_by()

    def loads(self, operators: Iterable[int], channel: int, now: datetime) -> dict[int, Load]:
        """Return operator pk -> their load at `now`; operators without a conversation are left
        out. One query, which reads the open conversations of these operators only.

        It is the last one before the locks are released, so it is written by hand: to build and
        compile the query set takes longer than PostgreSQL needs for the answer.
        """
        pks = list(operators)
        marks = ", ".join(["%s"] * len(pks))
        sql = f"""
            SELECT person.operator_id,
                COUNT(*) FILTER (WHERE row.last_message_at >= %s),
                COUNT(*) FILTER (WHERE row.last_message_at >= %s AND row.channel_id = %s),
                COUNT(*) FILTER (WHERE person.joined_at >= %s)
            FROM livechat_participant person
            JOIN livechat_conversation row ON row.id = person.conversation_id
            WHERE person.is_current AND person.left_at IS NULL AND person.operator_id IN ({marks})
                AND row.state IN ({", ".join(["%s"] * len(OPEN))})
            GROUP BY person.operator_id
        """  # noqa: S608 - names are ours
        connection = connections[self.db]
        since = [
            connection.ops.adapt_datetimefield_value(now - window)
            for window in (LOAD_WINDOW, LIMIT_WINDOW, FRESH_FOR)
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, [*since[:2], channel, since[2], *pks, *OPEN])
            return {pk: Load(total, here, new > 0) for pk, total, here, new in cursor.fetchall()}

    def taken_places(self, channels: Iterable[int], now: datetime) -> dict[tuple[int, int], int]:
        """Return (channel pk, operator pk) -> `Load.in_channel` at `now`, where it is not 0."""
        rows = self.current().filter(
            conversation__channel__in=list(channels),
            conversation__last_message_at__gte=now - LIMIT_WINDOW,
        )
        counted = rows.values_list("conversation__channel", "operator").annotate(Count("pk"))
        return {(channel, operator): count for channel, operator, count in counted}

    def authors(self, conversations: Iterable[int]) -> list[Author]:
        """Return the present and former participants of these conversations."""
        rows = self.filter(conversation__in=list(conversations))
        return [
            Author(*(*row[:-3], row[-3] is None and False not in row[-2:]))
            for row in rows.values_list(*_AUTHOR)
        ]


_AUTHOR = (
    "pk",
    "conversation_id",
    "role",
    "display_name",
    "operator_id",
    "operator__public_id",
    "conversation__visitor__public_id",
    "operator__user__username",
    "left_at",
    "operator__is_enabled",
    "operator__user__is_active",
)


class Participant(models.Model):
    """A person or bot in a conversation. The row stays after they leave, because reports need it.

    `display_name` is the name at that time, so that history survives a renamed or removed account;
    empty for visitors and operators without a name.
    `seen` and `seen_public` are the last numbers read in the staff and in the visitor timeline.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="participants")
    role = models.CharField(max_length=10, choices=ROLES)
    operator = models.ForeignKey(
        "livechat.Operator", models.PROTECT, null=True, blank=True, related_name="participations"
    )
    responder = models.CharField(max_length=64, blank=True, default="")
    display_name = models.CharField(max_length=120, blank=True, default="")
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    is_current = models.BooleanField(default=True, db_default=True)
    """Whether they take part in an open conversation. With it, the index that routing counts in
    stays small. Ask for `left_at` and the conversation's state as well, because code of the
    previous version does not change it."""
    seen = models.PositiveBigIntegerField(default=0)
    seen_public = models.PositiveBigIntegerField(default=0)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "operator"],
                condition=Q(role=Role.OPERATOR.value),
                name="operator_takes_part_once",
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(role=Role.VISITOR.value),
                name="one_visitor_takes_part",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.OPERATOR.value, operator__isnull=False)
                | (~Q(role=Role.OPERATOR.value) & Q(operator__isnull=True)),
                name="operator_has_a_profile",
            ),
        ]
        indexes = [
            models.Index(
                fields=["operator"],
                condition=Q(is_current=True, operator__isnull=False),
                name="participant_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.display_name} ({self.role})"

    def leave(self, now: datetime) -> None:
        """Store that they left. The conversation must be locked."""
        self.left_at, self.is_current = now, False
        self.save(update_fields=["left_at", "is_current"])

    @property
    def staff_name(self) -> str:
        """`display_name`, or an unnamed operator's user name, which visitors must not see."""
        if self.display_name or self.operator is None:
            return self.display_name
        return account_name(self.operator.user.get_username())

    @property
    def operator_public_id(self) -> uuid.UUID | None:
        return self.operator.public_id if self.operator else None
