"""The *Widget* tab of a channel: how to add it to a website, and where it was seen."""

import io
import re
from typing import Any

import segno
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from livechat.models import Channel

SHOWN = 20
"""Websites listed under "Is it installed?", the last seen first."""


def context(request: HttpRequest, channel: Channel) -> dict[str, Any]:
    """Return the data of the tab for a stored channel; its addresses use this request's host."""
    origin = f"{request.scheme}://{request.get_host()}"
    loader = request.build_absolute_uri(channel.loader_path)
    return {
        "snippet": f'<script async src="{loader}"></script>',
        "link": link(request, channel),
        "policy": [f"{name} {origin};" for name in ("script-src", "connect-src", "frame-src")],
        "embeddings": list(channel.embeddings.order_by("-last_at", "pk")[:SHOWN]),
    }


def link(request: HttpRequest, channel: Channel) -> str:
    """Return the address of the page that shows only the chat."""
    return request.build_absolute_uri(reverse("chat", args=[channel.slug]))


def qr_svg(admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Return the link as a QR code in SVG; with `?download` as an attachment."""
    channel = _channel(admin, request, pk)
    drawing = io.BytesIO()
    # A white background, so that it can be scanned on a dark page.
    segno.make(link(request, channel), error="m", micro=False).save(
        drawing, kind="svg", scale=8, border=4, light="#ffffff", title=_for_xml(channel.name)
    )
    response = HttpResponse(drawing.getvalue(), content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-cache"
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="chat-{channel.slug}.svg"'
    return response


def qr_page(admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Return a page to print, with name, QR code and link."""
    channel = _channel(admin, request, pk)
    shown = {"channel": channel, "link": link(request, channel)}
    return TemplateResponse(request, "admin/livechat/channel/qr.html", shown)


def _channel(admin: Any, request: HttpRequest, pk: int) -> Channel:
    channel = Channel.objects.filter(pk=pk).first()
    if channel is None:
        raise Http404
    if not admin.has_view_permission(request, channel):
        raise PermissionDenied
    return channel


def _for_xml(name: str) -> str:
    # XML allows neither controls nor the two last characters of Unicode's first plane.
    return re.sub("[\x00-\x1f\x7f-\x9f\ufffe\uffff]", "", name)
