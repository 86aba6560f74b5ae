"""Login sessions: which are still valid, with their users' current rights, and how they end."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.models import Permission
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.http import HttpRequest

from livechat import events
from livechat.database import database_time
from livechat.domain import rights
from livechat.models import Membership, User


@dataclass(frozen=True, slots=True)
class Login:
    """The login session of a connection, and the hash of the password it was made with."""

    session: str
    user: int
    auth_hash: str


@dataclass(frozen=True, slots=True)
class Access:
    """What a user may do. When it differs from before, the caller reads their rights again."""

    permissions: frozenset[str] = field(default_factory=frozenset)
    channels: frozenset[int] = field(default_factory=frozenset)
    is_superuser: bool = False


def access(logins: Iterable[Login]) -> dict[Login, Access]:
    """Return the logins that are still valid, with what their users may do now.

    A login is invalid when its session has ended, its account was switched off or its password
    was changed. Five queries, for any number of logins.
    """
    logins = list(logins)
    accounts = {login.user for login in logins}
    permissions = _permissions(accounts)
    channels: dict[int, set[int]] = {}
    for user, channel in Membership.objects.filter(operator__user__in=accounts).values_list(
        "operator__user", "channel"
    ):
        channels.setdefault(user, set()).add(channel)
    # Read last: a user who is deleted meanwhile must not look like one who lost all rights.
    users = {user.pk: user for user in User.objects.filter(pk__in=accounts, is_active=True)}
    sessions = set(
        Session.objects.filter(
            session_key__in={login.session for login in logins}, expire_date__gt=database_time.now()
        ).values_list("session_key", flat=True)
    )
    return {
        login: Access(
            frozenset(permissions.get(login.user, ())),
            frozenset(channels.get(login.user, ())),
            users[login.user].is_superuser,
        )
        for login in logins
        if login.session in sessions
        and login.user in users
        and users[login.user].get_session_auth_hash() == login.auth_hash
    }


def signed_in(session: str) -> int | None:
    """Return the active user whose login session has this key; None if there is none."""
    if not session:
        return None
    request = HttpRequest()
    request.session = SessionStore(session)
    return get_user(request).pk


def end_all(user: int) -> None:
    """End every login session of a user, in every browser, with its sockets. Safe to repeat."""
    for session in Session.objects.filter(expire_date__gt=database_time.now()).iterator():
        if _user_of(session) == user:
            session.delete()


def ended(session: Session) -> None:
    """Announce that a login session was deleted: by signing out, or by `end_all`."""
    user = _user_of(session)
    if user is not None and session.expire_date > database_time.now():
        events.access_changed([user])


def _user_of(session: Session) -> int | None:
    """Return the user of a session; None if no user has signed in with it."""
    user = str(session.get_decoded().get(SESSION_KEY, ""))
    return int(user) if user.isdecimal() else None


def _permissions(users: Iterable[int]) -> dict[int, set[str]]:
    names = [name.partition(".")[2] for name in (rights.MANAGE, rights.OPERATE, rights.ANALYSE)]
    found: dict[int, set[str]] = {}
    users = list(users)
    for holder in ("user", "group__user"):
        rows = (
            Permission.objects.filter(
                Q(**{f"{holder}__in": users}),
                content_type__app_label="livechat",
                codename__in=names,
            )
            .values_list(holder, "codename")
            .order_by()
        )
        for user, codename in rows:
            found.setdefault(user, set()).add(codename)
    return found
