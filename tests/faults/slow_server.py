"""The same server on a machine that is too small: ``python -m tests.faults.slow_server serve …``.

Its writer takes an additional `MESSAGE_SECONDS` for each message, so that a test can send three
times its capacity without needing a large machine.
"""

import os
import sys
import time
from collections.abc import Sequence

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from livechat.consumers.group_commit import Outcome, writer  # noqa: E402 - needs the apps to be loaded
from livechat.services.messages import Item  # noqa: E402

MESSAGE_SECONDS = 0.03
A_SECOND = round(1 / MESSAGE_SECONDS)
"""Capacity in messages per second."""


def main(arguments: Sequence[str]) -> None:
    """Do what ``manage.py`` does, with a slow writer."""
    post = writer._post

    def post_slowly(items: Sequence[Item]) -> list[Outcome]:
        time.sleep(MESSAGE_SECONDS * len(items))
        return post(items)

    writer._post = post_slowly
    execute_from_command_line(["manage.py", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
