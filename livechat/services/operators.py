"""Operators: their rights, their presence, the channels they answer on."""

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
from livechat.domain import files, rights, text
from livechat.domain.availability import LEASE
from livechat.domain.preferences import Preferences
from livechat.domain.states import Availability, Presence
from livechat.errors import Invalid, NotAllowed, NotFound
from livechat.integrations import images
from livechat.models import (
    Channel,
    Expertise,
    Membership,
    Operator,
    User,
    database_time,
    file_storage,
)
from livechat.models.choices import language_names, time_zones
from livechat.policy import Action, StaffActor

RETURN_WITHIN = timedelta(seconds=15)
"""After the last tab closes the lease runs on for so long: a page that is loaded again is not
an operator who left."""
MAX_PICTURE_BYTES = 5 * 1024 * 1024
PICTURES = ("image/jpeg", "image/png", "image/webp")
"""What an operator's picture may be when it is uploaded."""
MAX_CHAT_NAME = 80


@dataclass(frozen=True, slots=True)
class Account:
    """What everybody who enters the dashboard chooses for himself; "" leaves a language to the
    browser and a time zone to the server."""

    language: str
    time_zone: str
    preferences: Preferences


@dataclass(frozen=True, slots=True)
class Profile:
    """What an operator tells of himself. `picture` is a file as it was uploaded; without one he
    keeps what he has, unless `without_picture`."""

    chat_name: str
    languages: tuple[str, ...]
    expertise: frozenset[int]
    picture: bytes = b""
    without_picture: bool = False


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

    Losing the right ends all memberships; getting it back does not restore them.
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
        events.access_changed([user.pk])


def channels_changed(operators: Iterable[int]) -> None:
    """Say that operators, by pk, answer on other channels than before."""
    users = Operator.objects.filter(pk__in=list(operators)).values_list("user_id", flat=True)
    events.access_changed(users)


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
        avatar=signed_links.avatar_path(operator.avatar) if operator else "",
        is_manager=rights.MANAGE in permissions,
        is_analyst=rights.ANALYSE in permissions,
        channels=(
            frozenset(operator.memberships.values_list("channel_id", flat=True))
            if operator
            else frozenset()
        ),
    )


def heard_from(users: Iterable[int], active: Iterable[int]) -> dict[int, Presence]:
    """Renew the leases of these users' operators; `active` ones touched something since.

    Returns user -> how he stands now. Whoever stood otherwise before is announced.
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
    """Tell that operators who are connected have touched nothing for half an hour; return how
    many there were.

    They are given nothing new from that moment in any case; here they, their colleagues and the
    widgets hear of it. A job: safe to repeat, to run twice at once and to be killed, for each
    operator is claimed and told of in a transaction of his own.
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
    """Shorten the lease of a user whose last tab here has closed.

    `renewed_at` is when it was last renewed here: one that was renewed later is kept by a tab at
    another server.
    """
    ends = database_time.now() - LEASE + RETURN_WITHIN
    Operator.objects.filter(user=user, seen_at__gt=ends, seen_at__lte=renewed_at).update(
        seen_at=ends
    )


@transaction.atomic
def set_presence(actor: StaffActor, *, choice: Availability, in_call: bool) -> Presence:
    """Store what he chose and whether he is on the telephone; return how he stands now.

    Whoever chooses is there: it also brings back who was away. Raises NotAllowed for staff who
    do not answer.
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
    """Say that a manager changed what `operator` is called or whether he is available.

    Call it in the transaction that saved him. What he changed himself meanwhile holds.
    """
    _announce(Operator.objects.select_related("user").get(pk=operator.pk), database_time.now())


def update_profile(actor: StaffActor, account: Account, profile: Profile | None = None) -> None:
    """Store what somebody chose for himself; `profile` is for operators alone.

    Visitors and colleagues see the new name and picture, his own dashboards begin anew. Safe to
    repeat. Raises NotAllowed, and Invalid: ``language``, ``time_zone``, ``chat_name``,
    ``languages``, ``expertise``, and for the picture ``too_large``, ``file_type``,
    ``image_too_large``, ``file_broken``.
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
    """Return where a picture lies in the storage for files."""
    return f"avatars/{name}"


def _checked(profile: Profile) -> Profile:
    """Return the profile as it may be stored; raises Invalid."""
    name = text.one_line(profile.chat_name, MAX_CHAT_NAME + 1)
    if len(name) > MAX_CHAT_NAME:
        raise Invalid("chat_name")
    if not {code for code, _name in language_names()}.issuperset(profile.languages):
        raise Invalid("languages")
    return Profile(
        chat_name=name if text.is_visible(name) else "",
        languages=tuple(dict.fromkeys(profile.languages)),
        expertise=profile.expertise,
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
        operator.avatar = picture or ("" if profile.without_picture else before)
        operator.save(update_fields=["chat_name", "languages", "avatar"])
        operator.expertise.set(known)
        if before and before != operator.avatar:
            transaction.on_commit(partial(_forget_picture, before))
        _announce(operator, database_time.now())
    events.inbox_changed(actor.user)


def _keep_picture(data: bytes) -> str:
    """Store a picture anew and return its name; nobody can guess it."""
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
    """Answer on a channel from now on. Safe to repeat. Raises NotFound, NotAllowed."""
    row = _channel(channel)
    policy.require_channel(actor, Action.JOIN_CHANNEL, row)
    # Under the lock that losing the right takes too: a membership made after it would come back
    # with the right.
    operator = Operator.objects.by_users([actor.user]).filter(is_enabled=True).lock().first()
    if operator is None:
        raise NotAllowed
    Membership.objects.get_or_create(channel=row, operator=operator)
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


def _announce(operator: Operator, now: datetime) -> None:
    channels = operator.memberships.values_list("channel_id", flat=True)
    events.presence_changed(operator, list(channels), now)
