"""Upload and download files, transcripts and pictures of operators.

Nothing here is shown as a page: content that a browser could run is only downloaded, and every
response has a sandbox policy in case a browser shows it anyway.
"""

import contextlib
import errno
import io
import json
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import IO, Any
from urllib.parse import quote
from uuid import UUID

import structlog
from asgiref.sync import sync_to_async
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import File
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from livechat import auth, signed_links, wire
from livechat.domain import files as kinds
from livechat.domain.files import MIB
from livechat.errors import (
    Invalid,
    LivechatError,
    NotAllowed,
    NotFound,
    RateLimited,
    Unavailable,
)
from livechat.models import Channel
from livechat.models.attachment import file_storage
from livechat.policy import Actor, StaffActor, VisitorActor
from livechat.services import attachments, operators, transcripts, visitors
from livechat.services.transcripts import Reader
from livechat.signed_links import Thing

logger = structlog.stdlib.get_logger(__name__)

CHUNK = 64 * 1024
SANDBOX = "default-src 'none'; sandbox"
JSON = "application/json; charset=utf-8"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
SCHEME = "Visitor "
AVATAR = re.compile(r"[A-Za-z0-9_-]{16,64}\.webp")
PLAIN_NAME = re.compile(r"[\w .()+,-]+", re.ASCII)
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

STATUS = {
    "auth_required": 401,
    "token_invalid": 401,
    "forbidden": 403,
    "files_off": 403,
    "not_found": 404,
    "too_large": 413,
    "file_type": 415,
    "file_empty": 422,
    "file_broken": 422,
    "image_too_large": 422,
    "too_many_files": 422,
    "rate_limited": 429,
    "unavailable": 503,
}
"""Code of a refusal -> HTTP status; 400 for any other code."""

View = Callable[..., HttpResponseBase]


def _refusals(view: View) -> View:
    """Turn errors of services and malformed forms into JSON that repeats no input."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except LivechatError as error:
            return _refusal(error)
        except (MultiPartParserError, SuspiciousOperation):
            return _refusal(Invalid())
        except (OperationalError, InterfaceError) as error:
            logger.warning("file.no_database", error=type(error).__name__)
            return _refusal(Unavailable())
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            logger.warning("file.no_room")
            return _refusal(Unavailable())

    return wrapped


def _refusal(error: LivechatError) -> HttpResponse:
    details: dict[str, Any] = {"code": error.code}
    if isinstance(error, RateLimited):
        details["retry_after"] = error.retry_after
    response = HttpResponse(
        json.dumps({"error": details}), JSON, status=STATUS.get(error.code, 400)
    )
    response["Cache-Control"] = "no-store"
    # Django would log the URL, and with it a token that may still be valid.
    response._has_been_logged = True  # type: ignore[attr-defined]
    logger.info("file.refused", code=error.code)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(int(error.retry_after))
    return response


class _Csrf(CsrfViewMiddleware):
    """Refuses with JSON like the other views here, not with a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return _refusal(NotAllowed())


_own_pages_only = decorator_from_middleware(_Csrf)


# Uploads


@csrf_exempt  # authenticated by a token in a header, which no other site can send
@require_POST
@_refusals
def visitor_upload(request: HttpRequest, key: str) -> HttpResponse:
    """Store a visitor's file for a message that they are writing."""
    actor, channel = _visitor(request, key)
    return _upload(request, actor, channel)


@csrf_exempt
@require_http_methods(["DELETE"])
@_refusals
def visitor_discard(request: HttpRequest, key: str, file: UUID) -> HttpResponse:
    """Delete a file that the visitor has not sent; same response if it does not exist."""
    actor, _channel = _visitor(request, key)
    attachments.discard(actor, file)
    return HttpResponse(status=204)


@csrf_exempt  # checked below, after the sign-in: 401 without one, and refusals are JSON
@require_POST
@_refusals
def staff_upload(request: HttpRequest) -> HttpResponseBase:
    """Store an operator's file for a message or note; the form names its `channel`."""
    actor = _staff(request)
    return _staff_upload(request, actor)


@_own_pages_only
@_refusals
def _staff_upload(request: HttpRequest, actor: StaffActor) -> HttpResponse:
    try:
        channel = attachments.channel_of(UUID(request.POST.get("channel", "")))
    except ValueError:
        raise Invalid from None
    return _upload(request, actor, channel)


@csrf_exempt
@require_http_methods(["DELETE"])
@_refusals
def staff_discard(request: HttpRequest, file: UUID) -> HttpResponseBase:
    """Delete a file that the operator has not sent; same response if it does not exist."""
    return _staff_discard(request, _staff(request), file)


@_own_pages_only
@_refusals
def _staff_discard(request: HttpRequest, actor: StaffActor, file: UUID) -> HttpResponse:
    attachments.discard(actor, file)
    return HttpResponse(status=204)


def _upload(request: HttpRequest, actor: Actor, channel: Channel) -> HttpResponse:
    sent = request.FILES.getlist("file")
    if len(sent) != 1 or len(request.FILES) != 1:
        raise Invalid
    # The field has the name as it is. In the file's own header browsers write %22 for quotes, and
    # Django drops joiners and characters that are newer than Python.
    name = request.POST.get("name") or sent[0].name or ""
    file = attachments.upload(actor, channel, sent[0], name=name)
    response = HttpResponse(wire.encode(file), JSON, status=201)
    response["Cache-Control"] = "no-store"
    return response


def _visitor(request: HttpRequest, key: str) -> tuple[VisitorActor, Channel]:
    """Return the visitor of the token, and the channel; raises NotSignedIn, NotFound,
    TokenInvalid."""
    given = request.headers.get("Authorization", "")
    if not given.startswith(SCHEME):
        raise NotSignedIn
    channel = visitors.channel_of(key)
    visitor = auth.visitor_of(given.removeprefix(SCHEME), channel.key)
    return VisitorActor(visitor, channel.pk), channel


def _staff(request: HttpRequest) -> StaffActor:
    """Return the signed-in user; raises NotSignedIn."""
    actor = _signed_in(request)
    if actor is None:
        raise NotSignedIn
    return actor


def _signed_in(request: HttpRequest) -> StaffActor | None:
    if request.user.pk is None:
        return None
    try:
        return operators.staff_actor(request.user.pk)
    except NotFound:
        return None


class NotSignedIn(LivechatError):
    """The request has neither a visitor's token nor a signed-in user."""

    code = "auth_required"


# Downloads


@require_safe
@_refusals
def file(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send a file, or the thumbnail of a picture, by its signed link."""
    link = signed_links.read(token)
    row = attachments.linked(link, _signed_in(request) if _is_for_staff(link) else None)
    is_thumbnail = link.thing is Thing.THUMBNAIL
    blob = row.thumbnail if is_thumbnail else row.blob
    content_type = "image/webp" if is_thumbnail else row.content_type
    opened = _opened(blob.name or "")
    return _answer(
        request,
        opened,
        opened.size,
        content_type=content_type,
        name=f"{row.name}.webp" if is_thumbnail else row.name,
        is_inline=kinds.is_inline(content_type),
        cache="private, max-age=600",
    )


@require_safe
@_refusals
def transcript(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send a conversation to keep: a text, or a page without scripts."""
    link = signed_links.read(token)
    reader = None
    if _is_for_staff(link) and (actor := _signed_in(request)):
        zone = getattr(request.user, "time_zone", "")
        reader = Reader(actor, translation.get_language() or "en", zone)
    browser = request.headers.get("Accept-Language", "")
    found = transcripts.linked(link, reader, browser)
    version = f'"{transcripts.version(found)}"'
    response = get_conditional_response(request, version) or _written(request, found)
    response["ETag"] = version
    response["Cache-Control"] = "private, no-store"
    return response


def _written(request: HttpRequest, found: transcripts.Transcript) -> HttpResponseBase:
    """Return a written transcript, on disk if it is longer than 1 MiB.

    Nothing is written for HEAD, so that response has no length.
    """
    kind = "text/plain" if found.thing is Thing.TEXT else "text/html"
    content_type = f"{kind}; charset=utf-8"
    if request.method == "HEAD":
        nothing = _Chunks(io.BytesIO(), 0, 0)
        response = StreamingHttpResponse(nothing, content_type=content_type)
        _guard(response, name=found.file_name, is_inline=False)
        return response
    with contextlib.ExitStack() as unless_written:
        kept: IO[bytes] = unless_written.enter_context(tempfile.SpooledTemporaryFile(max_size=MIB))
        transcripts.write(found, kept.write)
        unless_written.pop_all()  # the response closes it
    size = kept.tell()
    kept.seek(0)
    return _answer(
        request,
        kept,
        size,
        content_type=content_type,
        name=found.file_name,
        is_inline=False,
        cache="private, no-store",
    )


@require_safe
@_refusals
def avatar(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send an operator's picture. It is public; a new picture has a new name."""
    if not AVATAR.fullmatch(name):
        raise NotFound
    opened = _opened(operators.picture_file(name))
    return _answer(
        request,
        opened,
        opened.size,
        content_type="image/webp",
        name=name,
        is_inline=True,
        cache="public, max-age=31536000, immutable",
    )


def _is_for_staff(link: signed_links.Link) -> bool:
    return link.audience is signed_links.Audience.STAFF


def _opened(blob: str) -> File:
    """Return a stored file, opened; raises NotFound if it cannot be opened."""
    if not blob:
        raise NotFound
    try:
        return file_storage().open(blob)
    except OSError:
        raise NotFound from None


def _answer(
    request: HttpRequest,
    opened: Any,
    size: int,
    *,
    content_type: str,
    name: str,
    is_inline: bool,
    cache: str,
) -> HttpResponseBase:
    """Send `size` bytes of an open file, or the one range of it that the client asks for."""
    start, end = _range(request.headers, size)
    is_satisfiable = start < end or size == 0
    response: HttpResponseBase
    if request.method == "HEAD" or not is_satisfiable:
        opened.close()
        response = HttpResponse(content_type=content_type)
    else:
        response = StreamingHttpResponse(_Chunks(opened, start, end), content_type=content_type)
    if not is_satisfiable:
        response.status_code = 416
        response["Content-Range"] = f"bytes */{size}"
        end = start
    elif end - start < size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response["Content-Length"] = str(end - start)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = cache
    _guard(response, name=name, is_inline=is_inline)
    return response


def _guard(response: HttpResponseBase, *, name: str, is_inline: bool) -> None:
    """Set headers that let browsers show only harmless content, and name the file."""
    disposition = "inline" if is_inline else "attachment"
    response["Content-Disposition"] = f"{disposition}; {_file_name(name)}"
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "no-referrer"
    response["Cross-Origin-Resource-Policy"] = "same-origin"


def _file_name(name: str) -> str:
    """Return the parameter of Content-Disposition that names a file.

    Browsers disagree about quotes, backslashes and "%" in the older ``filename``.
    """
    if PLAIN_NAME.fullmatch(name):
        return f'filename="{name}"'
    return f"filename*=utf-8''{quote(name, safe='')}"


def _range(headers: Any, size: int) -> tuple[int, int]:
    """Return start and end of the requested range.

    Everything for no range, several ranges, an invalid range, or a condition (``If-Range``), which
    is not supported. An empty range if it cannot be satisfied.
    """
    asked = RANGE.fullmatch(headers.get("Range", "").replace(" ", ""))
    if not asked or "If-Range" in headers or asked[0] == "bytes=-":
        return 0, size
    first, last = asked.groups()
    if not first:
        return (size - min(int(last), size), size) if int(last) else (size, size)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return 0, size
    return (int(first), end) if int(first) < size else (size, size)


class _Chunks:
    """A part of an open file, read in threads. Django would read a sync iterator whole, at once."""

    def __init__(self, opened: Any, start: int, end: int) -> None:
        self._file, self._start, self._end = opened, start, end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(self._read, thread_sensitive=False)
        left = self._end - self._start
        at: int | None = self._start
        while left > 0:
            chunk = await read(at, min(CHUNK, left))
            if not chunk:
                break
            at = None
            left -= len(chunk)
            yield chunk

    def _read(self, at: int | None, size: int) -> bytes:
        if at is not None:
            self._file.seek(at)
        data: bytes = self._file.read(size)
        return data

    def close(self) -> None:
        """Called by the response, whether it was sent or not."""
        self._file.close()
