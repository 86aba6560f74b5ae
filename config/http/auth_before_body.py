"""Checks who sends a large body before it is received.

Django asks for the session after it has read the body. Until then, 51 MiB from a stranger would lie
on the disk. Views check again, because they can be called in other ways too.
"""

import math
import re
from typing import Any

from django.conf import settings
from django.http import parse_cookie

from config import error_pages
from config.http.body_limit import MAX_ANONYMOUS, UPLOAD, content_length
from config.http.responses import reject, reject_with_error_page
from livechat import auth
from livechat.consumers.thread_pool import run
from livechat.domain.ip_addresses import source_of
from livechat.errors import LivechatError, NotFound, RateLimited
from livechat.policy import VisitorActor
from livechat.services import attachments, login_sessions, operators, visitors
from livechat.views.files import SCHEME, STATUS, NotSignedIn

VISITOR_UPLOAD = re.compile(r"/widget/([-a-zA-Z0-9_]+)/files/")


class LengthRequired(LivechatError):
    """An upload without Content-Length. Browsers always send it."""

    code = "length_required"


class BodyAuth:
    """Answers uploads with 401, 403, 404, 411, 413, 422 or 429 in JSON, and long forms without a
    session with 403. Receives no more of a rejected body than is already on its way."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_upload = scope["method"] == "POST" and UPLOAD.fullmatch(scope["path"]) is not None
        size = content_length(scope)
        try:
            if is_upload:
                await _authorize_upload(scope, size)
            elif size is not None and size > MAX_ANONYMOUS:
                await run(_require_session, scope)
        except LivechatError as error:
            if is_upload or not isinstance(error, NotSignedIn):
                await _reject(scope, receive, send, error)
            else:
                page = {"texts": error_pages.FORM_TOO_OLD, "again": scope["path"]}
                await reject_with_error_page(
                    scope, receive, send, 403, drain_bytes=MAX_ANONYMOUS, **page
                )
            return
        await self._application(scope, receive, send)


async def _reject(scope: Any, receive: Any, send: Any, error: LivechatError) -> None:
    seconds = math.ceil(error.retry_after) if isinstance(error, RateLimited) else None
    status = 411 if isinstance(error, LengthRequired) else STATUS.get(error.code, 400)
    await reject(
        scope, receive, send, status, error.code, retry_after=seconds, drain_bytes=MAX_ANONYMOUS
    )


async def _authorize_upload(scope: Any, size: int | None) -> None:
    headers = dict(scope["headers"])
    path = scope["path"]
    by_visitor = VISITOR_UPLOAD.fullmatch(path)
    if by_visitor:
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if not authorization.startswith(SCHEME):
            raise NotSignedIn
        # The token comes first: a request without a valid one costs no query.
        visitor = auth.visitor_of(authorization.removeprefix(SCHEME), by_visitor[1])
        source = source_of(auth.client_address(scope))
        await run(_authorize_visitor, by_visitor[1], visitor, _required(size), source)
    elif path == "/dashboard/files/":
        await run(_authorize_staff, scope, size)
    else:
        raise NotFound


def _authorize_visitor(key: str, visitor: Any, size: int, source: str) -> None:
    channel = visitors.channel_of(key)
    attachments.admit(VisitorActor(visitor, channel.pk), channel, size=size, source=source)


def _authorize_staff(scope: Any, size: int | None) -> None:
    user = _require_session(scope)
    try:
        actor = operators.staff_actor(user)
    except NotFound:
        raise NotSignedIn from None
    # The channel is named in the form, which has not been received yet.
    attachments.admit(actor, None, size=_required(size), source=f"user:{user}")


def _require_session(scope: Any) -> int:
    """Return the id of the user who is signed in; raises NotSignedIn."""
    cookies = parse_cookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    user = login_sessions.signed_in(cookies.get(settings.SESSION_COOKIE_NAME, ""))
    if user is None:
        raise NotSignedIn
    return user


def _required(size: int | None) -> int:
    if size is None:
        raise LengthRequired
    return size
