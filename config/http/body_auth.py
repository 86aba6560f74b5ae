"""Who may send a large body: asked before a byte of it is received.

Django asks for the session after it has read the body. Until then a stranger's 51 MiB would lie on
the disk. Views ask once more, as they are asked in other ways, too.
"""

import math
import re
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from config import error_pages
from config.http.body_limit import ANYBODYS, UPLOAD, declared
from config.http.responses import reject, reject_with_error_page
from livechat import auth
from livechat.consumers.thread_pool import run
from livechat.domain.addresses import source_of
from livechat.errors import LivechatError, NotFound, RateLimited
from livechat.policy import VisitorActor
from livechat.services import attachments, login_sessions, operators, visitors
from livechat.views.files import SCHEME, STATUS, NotSignedIn

VISITORS = re.compile(r"/widget/([-a-zA-Z0-9_]+)/files/")


class LengthRequired(LivechatError):
    """An upload that does not say how long it is. Browsers always say it."""

    code = "length_required"


class Senders:
    """Stands before Django, and receives no more of a body that is not wanted than is on its way.

    It answers uploads with 401, 403, 404, 411, 413, 422 or 429 in JSON, and a long form without a
    session with 403.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_upload = scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]) is not None
        size = declared(scope)
        try:
            if is_upload:
                await _admit_upload(scope, size)
            elif size is not None and size > ANYBODYS:
                await run(_require_session, scope)
        except LivechatError as error:
            if is_upload or not isinstance(error, NotSignedIn):
                await _reject(scope, receive, send, error)
            else:
                told = {"texts": error_pages.FORM_TOO_OLD, "again": scope["path"]}
                await reject_with_error_page(
                    scope, receive, send, 403, drain_bytes=ANYBODYS, **told
                )
            return
        await self._application(scope, receive, send)


async def _reject(scope: Any, receive: Any, send: Any, error: LivechatError) -> None:
    wait = math.ceil(error.retry_after) if isinstance(error, RateLimited) else None
    status = 411 if isinstance(error, LengthRequired) else STATUS.get(error.code, 400)
    await reject(scope, receive, send, status, error.code, retry_after=wait, drain_bytes=ANYBODYS)


async def _admit_upload(scope: Any, size: int | None) -> None:
    headers = dict(scope["headers"])
    path = scope["path"]
    visitors_door = VISITORS.fullmatch(path)
    if visitors_door:
        given = headers.get(b"authorization", b"").decode("latin-1")
        if not given.startswith(SCHEME):
            raise NotSignedIn
        # The token is asked first: a stranger costs no query.
        visitor = auth.visitor_of(given.removeprefix(SCHEME), visitors_door[1])
        source = source_of(auth.client_address(scope))
        await run(_admit_visitor, visitors_door[1], visitor, _known(size), source)
    elif path == "/dashboard/files/":
        await run(_admit_staff, scope, size)
    else:
        raise NotFound


def _admit_visitor(key: str, visitor: Any, size: int, source: str) -> None:
    channel = visitors.channel_of(key)
    attachments.admit(VisitorActor(visitor, channel.pk), channel, size=size, source=source)


def _admit_staff(scope: Any, size: int | None) -> None:
    user = _require_session(scope)
    try:
        actor = operators.staff_actor(user)
    except NotFound:
        raise NotSignedIn from None
    # Which channel it is for says the form.
    attachments.admit(actor, None, size=_known(size), source=f"user:{user}")


def _require_session(scope: Any) -> int:
    """Return the user whose session the request shows; raises NotSignedIn."""
    cookies = parse_cookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    user = login_sessions.signed_in(cookies.get(settings.SESSION_COOKIE_NAME, ""))
    if user is None:
        raise NotSignedIn
    return user


def _known(size: int | None) -> int:
    if size is None:
        raise LengthRequired
    return size
