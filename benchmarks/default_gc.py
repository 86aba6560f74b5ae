"""``manage.py`` with Python's default garbage collection: the product's settings are ignored."""

import gc
import os
import sys

from django.core.management import execute_from_command_line

gc.freeze = lambda: None
gc.set_threshold = lambda *_thresholds: None

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(["manage.py", *sys.argv[1:]])
