"""`docs/reference/addresses.md` lists every address there is, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver

from config.asgi import WIDGET
from config.demo.urls import urlpatterns as demo_urlpatterns
from livechat.urls import websocket_urlpatterns

PAGE = Path(__file__).parents[2] / "docs/reference/addresses.md"


def addresses(patterns: Any, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + re.sub(r"<\w+:(\w+)>", r"<\1>", str(pattern.pattern))
        if route.startswith("/admin/"):
            yield "/admin/"
        elif hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield route


def test_the_page_lists_every_address_and_no_other():
    text = PAGE.read_text()
    listed = {
        a for row in re.findall(r"^\| (`.*?) \|", text, re.M) for a in re.findall("`(.*?)`", row)
    }

    there = {
        *addresses(get_resolver().url_patterns),
        *addresses(demo_urlpatterns, "/demo/"),
        *addresses(websocket_urlpatterns),
        *("/widget/<key>/loader.js", "/widget/<key>/init"),
        *("/healthz", "/readyz", "/metrics"),
    }

    assert listed == there


@pytest.mark.parametrize("name", ["loader.js", "init"])
def test_the_widgets_first_requests_are_where_the_page_says(name):
    assert WIDGET.fullmatch(f"/widget/abc123/{name}")
