"""Operators: their rights, their presence, the channels they answer on."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone

from livechat import events, links, policy
from livechat.domain import rights
from livechat.domain.availability import LEASE
from livechat.errors import NotAllowed, NotFound
from livechat.models import Channel, Membership, Operator, User
from livechat.policy import Action, StaffActor

RETURN_WITHIN = timedelta(seconds=15)
"""After the last tab closes the lease runs on for so long: a page that is loaded again is not
an operator who left."""


def ensure_groups() -> None:
    """Make the groups of `domain.rights` and give them their permissions; takes nothing away."""
    for name, codenames in rights.GROUPS.items():
        group, _made = Group.objects.get_or_create(name=name)
        wanted = Permission.objects.filter(
            content_type__app_label="livechat", codename__in=codenames
        )
        group.permissions.add(*wanted)


@transaction.atomic
def sync_rights(users: Iterable[int]) -> None:
    """Make or disable the operator profiles of users whose groups or rights changed.

    Losing the right ends all memberships; getting it back does not restore them
    (`odoo19.md` §1.11).
    """
    for user in User.objects.filter(pk__in=list(users)):
        may_answer = user.is_active and user.has_perm(rights.OPERATE)
        operator = Operator.objects.filter(user=user).lock().first()
        if operator is None:
            if may_answer:
                Operator.objects.create(user=user)
        elif operator.is_enabled != may_answer:
            operator.is_enabled = may_answer
            operator.save(update_fields=["is_enabled"])
            if not may_answer:
                operator.memberships.all().delete()
                events.widgets_changed()
        events.inbox_changed(user.pk)


def staff_actor(user_id: int) -> StaffActor:
    """Return a user with his rights as they are now; raises NotFound when he has no account."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise NotFound
    permissions = user.get_all_permissions()
    operator = None
    if rights.OPERATE in permissions:
        operator = (
            Operator.objects.filter(user=user, is_enabled=True).select_related("user").first()
        )
    return StaffActor(
        user=user.pk,
        operator=operator.pk if operator else None,
        operator_id=operator.public_id if operator else None,
        name=operator.name if operator else user.get_full_name() or user.get_username(),
        avatar=links.avatar_path(operator.avatar) if operator else "",
        is_manager=rights.MANAGE in permissions,
        is_analyst=rights.ANALYSE in permissions,
        channels=(
            frozenset(operator.memberships.values_list("channel_id", flat=True))
            if operator
            else frozenset()
        ),
    )


def heard_from(users: Iterable[int], active: Iterable[int]) -> None:
    """Renew the leases of these users' operators; `active` ones touched something since.

    Whoever was not available before is announced.
    """
    users, active = set(users), set(active)
    if not users:
        return
    now = timezone.now()
    with transaction.atomic():
        rows = list(Operator.objects.by_users(users).select_related("user").lock())
        for operator in rows:
            before = operator.presence(now)
            operator.seen_at = now
            if operator.user_id in active or operator.active_at is None:
                operator.active_at = now
            if operator.presence(now) != before:
                _announce(operator)
        Operator.objects.bulk_update(rows, ["seen_at", "active_at"])


@transaction.atomic
def left(user: int) -> None:
    """Shorten the lease of a user whose last tab here has closed."""
    now = timezone.now()
    Operator.objects.filter(user=user, seen_at__gt=now - LEASE + RETURN_WITHIN).update(
        seen_at=now - LEASE + RETURN_WITHIN
    )


@transaction.atomic
def set_presence(actor: StaffActor, *, accepting: bool, in_call: bool) -> None:
    """Store whether he takes new conversations and whether he is on the telephone.

    Raises NotAllowed for staff who do not answer.
    """
    if actor.operator is None:
        raise NotAllowed
    operator = Operator.objects.select_related("user").lock().get(pk=actor.operator)
    operator.accepting = accepting
    operator.in_call = in_call
    operator.active_at = timezone.now()
    operator.save(update_fields=["accepting", "in_call", "active_at"])
    _announce(operator)


def profile_changed(operator: Operator) -> None:
    """Say that a manager changed what `operator` is called or whether he accepts.

    Call it in the transaction that saved him.
    """
    _announce(operator)


@transaction.atomic
def join_channel(actor: StaffActor, channel: UUID) -> None:
    """Answer on a channel from now on. Safe to repeat. Raises NotFound, NotAllowed."""
    row = _channel(channel)
    policy.require_channel(actor, Action.JOIN_CHANNEL, row)
    Membership.objects.get_or_create(channel=row, operator=Operator.objects.get(user=actor.user))
    events.inbox_changed(actor.user)
    events.widgets_changed()


@transaction.atomic
def leave_channel(actor: StaffActor, channel: UUID) -> None:
    """Answer there no more; conversations he is in stay his. Safe to repeat.

    Raises NotFound, NotAllowed.
    """
    row = _channel(channel)
    policy.require_channel(actor, Action.LEAVE_CHANNEL, row)
    row.memberships.filter(operator=actor.operator).delete()
    events.inbox_changed(actor.user)
    events.widgets_changed()


def _channel(public_id: UUID) -> Channel:
    row = Channel.objects.active().filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def _announce(operator: Operator) -> None:
    channels = operator.memberships.values_list("channel_id", flat=True)
    events.presence_changed(operator, list(channels), timezone.now())
