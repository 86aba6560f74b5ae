"""The server with a service that never returns, and with little time to end.

Run as ``python -m tests.config.server.stuck_server serve …``.
"""

import os
import sys
import time
from typing import Any

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from config.server import lifecycle, process  # noqa: E402 - needs the apps to be loaded
from livechat.services import visitors  # noqa: E402


def hang_for_ever(*_args: Any, **_kwargs: Any) -> None:
    time.sleep(3600)


if __name__ == "__main__":
    lifecycle.DRAIN_TIMEOUT_SECONDS = 2.0
    process.REQUEST_SECONDS = 3
    process.EXIT_SECONDS = 5
    visitors.state_of = hang_for_ever  # type: ignore[assignment]
    execute_from_command_line(["manage.py", *sys.argv[1:]])
