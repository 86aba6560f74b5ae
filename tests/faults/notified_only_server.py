"""The same server, but it reloads the widget's data only when notified of a change.

Start it with ``python -m tests.faults.notified_only_server serve …``.
"""

import os
import sys

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from livechat.widget_init import snapshot  # noqa: E402 - needs the apps to be loaded

if __name__ == "__main__":
    snapshot.REFRESH_SECONDS = 24 * 3_600.0
    execute_from_command_line(["manage.py", *sys.argv[1:]])
