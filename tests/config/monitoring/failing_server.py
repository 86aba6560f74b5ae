"""The same server, with errors that quote what people wrote.

Run as ``python -m tests.config.monitoring.failing_server serve …``.
"""

import os
import sys
from typing import Any, NoReturn

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.http import HttpRequest  # noqa: E402 - needs the apps to be loaded
from django.urls import path  # noqa: E402

from config import urls  # noqa: E402
from livechat.consumers.group_commit import writer  # noqa: E402
from livechat.services import visitors  # noqa: E402


def fail(request: HttpRequest) -> NoReturn:
    raise ValueError(f"{request.build_absolute_uri()} {request.headers}")


def fail_at_attributes(actor: Any, attributes: Any) -> NoReturn:
    raise RuntimeError(f"{actor} {attributes}")


def fail_at_messages(items: Any) -> NoReturn:
    raise ValueError([item.text for item in items])


urls.urlpatterns.append(path("fail/", fail))
visitors.set_attributes = fail_at_attributes  # type: ignore[assignment]
writer._post = fail_at_messages

execute_from_command_line(sys.argv)
