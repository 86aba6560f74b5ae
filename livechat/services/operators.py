"""Operators: their rights, presence, profile and channels."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.db import transaction

from livechat import events, policy, signed_links
from livechat.database import database_time
from livechat.domain import files, rights, text
from livechat.domain.availability import LEASE
from livechat.domain.enumerations import Availability, Presence
from livechat.domain.preferences import Preferences
from livechat.errors import Invalid, NotAllowed, NotFound
from livechat.integrations import images
from livechat.models import Channel, Expertise, Membership, Operator, User, file_storage
from livechat.models.choices import country_names, language_names, time_zones
from livechat.policy import Action, StaffActor
from livechat.services import queues

RETURN_WITHIN = timedelta(seconds=15)
"""How long the lease runs on after the last tab closes: an operator who reloads a page has not
left."""
MAX_PICTURE_BYTES = 5 * 1024 * 1024
PICTURES = ("image/jpeg", "image/png", "image/webp")
"""Content types accepted for an operator's picture."""
MAX_CHAT_NAME = 80


@dataclass(frozen=True, slots=True)
class Account:
    """What every user of the dashboard chooses for themselves. An empty `language` is the
    browser's, an empty `time_zone` the server's."""

    language: str
    time_zone: str
    preferences: Preferences


@dataclass(frozen=True, slots=True)
class Profile:
    """What an operator says about themselves. `country` is an ISO code, "" for none. `picture` is
    the uploaded file; if it is empty, the current picture stays, unless `without_picture`."""

    chat_name: str
    languages: tuple[str, ...]
    expertise: frozenset[int]
    country: str = ""
    picture: bytes = b""
    without_picture: bool = False


def ensure_groups() -> None:
    """Create the groups of `domain.rights` and grant their permissions; revokes none."""
    for name, codenames in rights.GROUPS.items():
        group, _made = Group.objects.get_or_create(name=name)
        wanted = Permission.objects.filter(
            content_type__app_label="livechat", codename__in=codenames
        )
        group.permissions.add(*wanted)


@transaction.atomic
def sync_rights(users: Iterable[int]) -> None:
    """Create, enable or disable the operator profiles of users whose groups or rights changed.

    Losing the right deletes all memberships; regaining it does not restore them. An account that
    is switched off keeps them: they do not count until it is switched on again.
    """
    for user in User.objects.filter(pk__in=list(users)):
        has_right = _has_right(user)
        may_answer = user.is_active and has_right
        operator = Operator.objects.filter(user=user).lock().first()
        if operator is None:
            if may_answer:
                Operator.objects.create(user=user)
        elif operator.is_enabled != may_answer:
            operator.is_enabled = may_answer
            operator.save(update_fields=["is_enabled"])
            _announce(operator, database_time.now())
        if operator is not None and not has_right:
            operator.memberships.all().delete()
        events.inbox_changed(user.pk)
        events.access_changed([user.pk])


def _has_right(user: User) -> bool:
    """Say whether a user has the right to answer, also while their account is switched off."""
    is_active, user.is_active = user.is_active, True  # back-ends grant nothing to other accounts
    has_right = user.has_perm(rights.OPERATE)
    user.is_active = is_active
    return has_right


def channels_changed(operators: Iterable[int]) -> None:
    """Announce that the channels of operators, by pk, have changed."""
    users = Operator.objects.filter(pk__in=list(operators)).values_list("user_id", flat=True)
    events.access_changed(users)


def staff_actor(user_id: int) -> StaffActor:
    """Return a user with their current rights; raises NotFound without an active account."""
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
        public_name=operator.public_name if operator else "",
        avatar=signed_links.avatar_path(operator.avatar) if operator else "",
        is_manager=rights.MANAGE in permissions,
        is_analyst=rights.ANALYSE in permissions,
        channels=(
            frozenset(operator.memberships.values_list("channel_id", flat=True))
            if operator
            else frozenset()
        ),
    )


def renew_leases(users: Iterable[int], active: Iterable[int]) -> dict[int, Presence]:
    """Renew the leases of these users' operators; `active` users gave input since the last call.

    Returns user -> presence now. Announces each presence that changed.
    """
    users, active = set(users), set(active)
    if not users:
        return {}
    now = database_time.now()
    with transaction.atomic():
        rows = list(Operator.objects.by_users(users).select_related("user").lock())
        for operator in rows:
            before = operator.presence(now)
            operator.seen_at = now
            if operator.user_id in active or operator.active_at is None:
                operator.active_at = now
                operator.away_since = None
            if operator.presence(now) != before:
                _announce(operator, now)
        Operator.objects.bulk_update(rows, ["seen_at", "active_at", "away_since"])
    return {operator.user_id: operator.presence(now) for operator in rows}


def mark_idle(now: datetime) -> int:
    """Mark connected operators without input for half an hour as away; return the number.

    Routing excludes them from that moment in any case; this announces it to them, their colleagues
    and the widgets. A job: safe to repeat, to run concurrently and to kill, because each operator
    is marked and announced in a transaction of their own.
    """
    marked = 0
    for pk in list(Operator.objects.idle(now).order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            if Operator.objects.mark_away(pk, now):
                _announce(Operator.objects.select_related("user").get(pk=pk), now)
                marked += 1
    return marked


@transaction.atomic
def left(user: int, renewed_at: datetime) -> None:
    """Shorten the lease of a user whose last tab at this server has closed.

    `renewed_at` is when this server last renewed it. A lease that was renewed later stays: the
    user has a tab at another server.
    """
    ends = database_time.now() - LEASE + RETURN_WITHIN
    Operator.objects.filter(user=user, seen_at__gt=ends, seen_at__lte=renewed_at).update(
        seen_at=ends
    )


@transaction.atomic
def set_presence(actor: StaffActor, *, choice: Availability, in_call: bool) -> Presence:
    """Store an operator's availability and whether they are in a call; return their presence.

    A choice counts as input, so it also ends being away. Raises NotAllowed for staff who are not
    operators.
    """
    if actor.operator is None:
        raise NotAllowed
    operator = Operator.objects.select_related("user").lock().get(pk=actor.operator)
    now = database_time.now()
    operator.choose(choice)
    operator.in_call = in_call
    operator.active_at = now
    operator.away_since = None
    operator.save(update_fields=["accepting", "availability", "in_call", "active_at", "away_since"])
    _announce(operator, now)
    return operator.presence(now)


def profile_changed(operator: Operator) -> None:
    """Announce that a manager changed the name or the availability of `operator`.

    Call it in the transaction that saved the change. It reads the row again, so it also announces
    what the operator changed in the meantime.
    """
    _announce(Operator.objects.select_related("user").get(pk=operator.pk), database_time.now())


def update_profile(actor: StaffActor, account: Account, profile: Profile | None = None) -> None:
    """Store a user's own settings; `profile` is for operators only.

    Visitors and colleagues see the new name and picture; the user's dashboards load a new
    snapshot. Safe to repeat. Raises NotAllowed, and Invalid: ``language``, ``time_zone``,
    ``chat_name``, ``languages``, ``country``, ``expertise``, and for the picture ``too_large``,
    ``file_type``, ``image_too_large``, ``file_broken``.
    """
    if not actor.may_enter or (profile is not None and actor.operator is None):
        raise NotAllowed
    if account.language and account.language not in dict(settings.LANGUAGES):
        raise Invalid("language")
    if account.time_zone and account.time_zone not in time_zones():
        raise Invalid("time_zone")
    if profile is not None:
        profile = _checked(profile)
    picture = _keep_picture(profile.picture) if profile is not None and profile.picture else ""
    try:
        _store_profile(actor, account, profile, picture)
    except BaseException:
        if picture:
            _forget_picture(picture)
        raise


def picture_file(name: str) -> str:
    """Return the path of a picture in the file storage."""
    return f"avatars/{name}"


def _checked(profile: Profile) -> Profile:
    """Return the profile, cleaned for storing; raises Invalid."""
    name = text.one_line(profile.chat_name, MAX_CHAT_NAME + 1)
    if len(name) > MAX_CHAT_NAME:
        raise Invalid("chat_name")
    if not {code for code, _name in language_names()}.issuperset(profile.languages):
        raise Invalid("languages")
    if profile.country and profile.country not in dict(country_names()):
        raise Invalid("country")
    return Profile(
        chat_name=name if text.is_visible(name) else "",
        languages=tuple(dict.fromkeys(profile.languages)),
        expertise=profile.expertise,
        country=profile.country,
        picture=profile.picture,
        without_picture=profile.without_picture,
    )


@transaction.atomic
def _store_profile(
    actor: StaffActor, account: Account, profile: Profile | None, picture: str
) -> None:
    stored = User.objects.filter(pk=actor.user, is_active=True).update(
        language=account.language,
        time_zone=account.time_zone,
        preferences=account.preferences.plain(),
    )
    if not stored:
        raise NotAllowed
    if profile is not None:
        rows = Operator.objects.by_users([actor.user]).filter(is_enabled=True)
        operator = rows.select_related("user").lock().first()
        if operator is None:
            raise NotAllowed
        known = set(Expertise.objects.filter(pk__in=profile.expertise).values_list("pk", flat=True))
        if known != profile.expertise:
            raise Invalid("expertise")
        before = operator.avatar
        operator.chat_name = profile.chat_name
        operator.languages = list(profile.languages)
        operator.country = profile.country
        operator.avatar = picture or ("" if profile.without_picture else before)
        operator.save(update_fields=["chat_name", "languages", "country", "avatar"])
        operator.expertise.set(known)
        if before and before != operator.avatar:
            transaction.on_commit(partial(_forget_picture, before))
        _announce(operator, database_time.now())
    events.inbox_changed(actor.user)


def _keep_picture(data: bytes) -> str:
    """Store a picture, re-encoded, and return its random name; raises Invalid."""
    if len(data) > MAX_PICTURE_BYTES:
        raise Invalid("too_large")
    if files.by_ends(data[:64], b"", "") not in PICTURES:
        raise Invalid("file_type")
    name = f"{secrets.token_urlsafe(16)}.webp"
    file_storage().save(picture_file(name), ContentFile(images.avatar(data)))
    return name


def _forget_picture(name: str) -> None:
    file_storage().delete(picture_file(name))


@transaction.atomic
def join_channel(actor: StaffActor, channel: UUID) -> None:
    """Make the actor an operator of a channel. Safe to repeat. Raises NotFound, NotAllowed."""
    row = _channel(channel)
    policy.require_channel(actor, Action.JOIN_CHANNEL, row)
    # `sync_rights` takes the same lock: a membership made after the right was lost would come
    # back with the right.
    operator = Operator.objects.by_users([actor.user]).filter(is_enabled=True).lock().first()
    if operator is None:
        raise NotAllowed
    Membership.objects.get_or_create(channel=row, operator=operator)
    events.inbox_changed(actor.user)
    events.widgets_changed()
    queues.fill_soon([row.pk])


@transaction.atomic
def leave_channel(actor: StaffActor, channel: UUID) -> None:
    """Leave a channel; the operator keeps their conversations there. Safe to repeat.

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


def _announce(operator: Operator, now: datetime) -> None:
    channels = list(operator.memberships.values_list("channel_id", flat=True))
    events.presence_changed(operator, channels, now)
    if operator.presence(now) == Presence.ONLINE:
        queues.fill_soon(channels)
