"""Operators and their memberships of channels."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from livechat.domain import availability
from livechat.domain.availability import AWAY_AFTER, GRACE, LEASE
from livechat.domain.enumerations import Availability, Presence
from livechat.models.choices import AVAILABILITIES, country_names


def account_name(user_name: str) -> str:
    """Return a user name as staff see it: not the whole of an e-mail address."""
    return user_name.split("@")[0]


def _online(now: datetime, operator: str = "") -> Q:
    """Return the condition of `Operator.presence` being online; `operator` is the path to it."""
    wanted = {
        "is_enabled": True,
        "accepting": True,
        "seen_at__range": (now - LEASE, now + LEASE),
        "active_at__gte": now - AWAY_AFTER,
    }
    return Q(**{f"{operator}{field}": value for field, value in wanted.items()})


class OperatorQuerySet(models.QuerySet["Operator"]):
    def lock(self) -> Self:
        """Lock the operators in the order of their pk, which all code uses."""
        return self.select_for_update(of=("self",)).order_by("pk")

    def seen_since(self, moment: datetime) -> Self:
        return self.filter(is_enabled=True, seen_at__gt=moment)

    def available(self, now: datetime) -> Self:
        """Return the operators who are online at `now` and whose account is switched on.

        This is `Operator.presence` in SQL: routing locks these rows and no others.
        """
        return self.filter(_online(now), user__is_active=True)

    def as_seats(self) -> Self:
        """Load only what routing reads, and what is announced of the one it chooses: a channel may
        have hundreds."""
        return self.select_related("user").only(
            *("public_id", "chat_name", "avatar", "languages", "country", "in_call"),
            *("last_assigned_at", "user__username", "user__first_name", "user__last_name"),
            "user__language",
        )

    def maybe_lost(self, now: datetime) -> Self:
        """Return the operators who may be lost; `is_lost` decides for each."""
        heard = Q(seen_at__gte=now - LEASE - GRACE, seen_at__lte=now + LEASE)
        return self.exclude(heard & Q(is_enabled=True))

    def by_users(self, users: Iterable[int]) -> Self:
        return self.filter(user_id__in=users)

    def idle(self, now: datetime) -> Self:
        """Return the operators to mark as away: available, connected, no activity for 30 minutes.

        Operators already marked are left out; a mark older than the last activity does not count.
        """
        unmarked = Q(away_since=None) | Q(away_since__lt=F("active_at"))
        return self.seen_since(now - LEASE).filter(
            unmarked, accepting=True, active_at__lt=now - AWAY_AFTER
        )

    def mark_away(self, pk: int, now: datetime) -> bool:
        """Mark an operator as away; False when they are no longer idle or already marked."""
        return self.idle(now).filter(pk=pk).update(away_since=now) == 1


class Operator(models.Model):
    """The profile of a user who answers visitors.

    Created when the user gets the right, and kept when they lose it, because reports need it.
    `is_enabled` says whether the user has the right now, and an account that is switched on.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="operator", verbose_name=_("user")
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    is_enabled = models.BooleanField(_("enabled"), default=True, editable=False)
    chat_name = models.CharField(
        _("Online Chat Name"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("The name that visitors see. Leave it empty to show the full name."),
    )
    languages = models.JSONField(
        _("Online Chat Language"),
        default=list,
        blank=True,
        help_text=_('Language codes, for example ["en", "de"].'),
    )
    expertise = models.ManyToManyField(
        "livechat.Expertise",
        blank=True,
        related_name="operators",
        verbose_name=_("Live Chat Expertise"),
    )
    country = models.CharField(
        _("Country"),
        max_length=2,
        choices=country_names,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Visitors from this country are assigned to this operator if no operator who speaks "
            "their language is available."
        ),
    )
    avatar = models.CharField(_("picture"), max_length=80, blank=True, default="", editable=False)
    """The name of the operator's picture in the storage for files; "" without one."""
    accepting = models.BooleanField(default=True, editable=False)
    """Whether the operator is available. Code of the previous version uses only this column."""
    availability = models.CharField(
        _("availability"),
        max_length=16,
        choices=AVAILABILITIES,
        default=Availability.AVAILABLE.value,
        db_default=Availability.AVAILABLE.value,
        help_text=_(
            "Busy: the operator keeps open chats but gets no new ones. Invisible: the operator "
            "also appears offline."
        ),
    )
    """Read it through `choice`, write it through `choose`."""
    in_call = models.BooleanField(_("in a call"), default=False)
    seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    active_at = models.DateTimeField(null=True, blank=True, editable=False)
    away_since = models.DateTimeField(_("away since"), null=True, blank=True, editable=False)
    """When the operator was marked as away, after half an hour without activity."""
    last_assigned_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OperatorQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("operator")
        verbose_name_plural = _("operators")

    def __str__(self) -> str:
        return self.name

    @property
    def public_name(self) -> str:
        """The name that visitors see; "" for an operator without a chat name and a full name.

        Never the user name, which is half of a sign-in.
        """
        return self.chat_name or self.user.get_full_name()

    @property
    def name(self) -> str:
        """The name that staff see."""
        return self.public_name or account_name(self.user.get_username())

    @property
    def spoken_languages(self) -> list[str]:
        """The tags of the languages they chat in. Needs `user`."""
        return self.languages or [self.user.language]

    @property
    def choice(self) -> Availability:
        """The availability that the operator chose."""
        return availability.choice(accepting=self.accepting, availability=self.availability)

    def choose(self, choice: Availability) -> None:
        """Set `accepting` and `availability`; the caller saves."""
        self.accepting = choice == Availability.AVAILABLE
        self.availability = choice.value

    def presence(self, now: datetime) -> Presence:
        """Return how others see the operator at `now`."""
        if not self.is_enabled:
            return Presence.OFFLINE
        return availability.presence(
            now=now, seen_at=self.seen_at, active_at=self.active_at, choice=self.choice
        )

    def is_lost(self, now: datetime, listening_since: datetime) -> bool:
        """Say whether the operator is lost: disconnected for too long, or without the right."""
        return not self.is_enabled or availability.is_lost(
            now=now, seen_at=self.seen_at, listening_since=listening_since
        )


class MembershipQuerySet(models.QuerySet["Membership"]):
    def enabled(self) -> Self:
        """Return those that count: of operators who have the right to answer now."""
        return self.filter(operator__is_enabled=True)

    def online(self, now: datetime) -> Self:
        """Return the memberships of operators who are online at `now`.

        This is `Operator.presence` in SQL, so that counting does not load thousands of rows.
        """
        return self.filter(_online(now, "operator__"), operator__user__is_active=True)


class Membership(models.Model):
    """The membership of an operator in a channel; it counts while the operator is enabled."""

    channel = models.ForeignKey("livechat.Channel", models.CASCADE, related_name="memberships")
    operator = models.ForeignKey(Operator, models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "operator"], name="membership_once")
        ]
        verbose_name = _("operator of a channel")
        verbose_name_plural = _("operators of a channel")

    def __str__(self) -> str:
        return f"{self.operator} – {self.channel}"
