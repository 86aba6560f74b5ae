"""Checks of the machine: storage of files, disk space and open files."""

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from config.doctor.finding import Finding, error, ok, warning
from config.monitoring import health
from livechat.models import file_storage

ENOUGH_FILES = 4_096
"""Open files. Each socket and each connection needs one."""


def accepts_files() -> Iterator[Finding]:
    storage = file_storage()
    if not isinstance(storage, FileSystemStorage):
        yield ok("Files are kept elsewhere than on this machine's disk.")
        return
    folder = Path(storage.location).resolve()
    try:
        health.accepts_files()
    except OSError as failure:
        yield error(
            f"Files cannot be written to {folder} ({type(failure).__name__}).",
            "Let the chat's user write there.",
        )
        return
    served = [Path(root).resolve() for root in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)]
    if any(folder.is_relative_to(root) for root in served):
        yield error(
            f"{folder} is served to everybody, and with it what visitors sent.",
            "Give the alias files of STORAGES a folder of its own.",
        )
        return
    yield ok(f"Files are kept in {folder}.")


def has_space() -> Iterator[Finding]:
    disk = shutil.disk_usage(settings.VAR_DIR)
    percent = disk.free * 100 / disk.total
    state = f"{disk.free / 2**30:.1f} GiB ({percent:.0f} %) are free where {settings.VAR_DIR} lies"
    if not health.has_disk_space():
        yield error(f"{state}: the server counts as not ready.", "Make room.")
    elif percent < 2 * settings.DISK_RESERVE_PERCENT:
        yield warning(f"{state}.", "Make room soon.")
    else:
        yield ok(f"{state}.")


def has_open_file_limit() -> Iterator[Finding]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < ENOUGH_FILES:
        yield warning(
            f"A process may open {soft} files, so it can serve about {max(0, soft - 100)} people.",
            "Raise it: ulimit -n 65535, or LimitNOFILE=65535 in the unit.",
        )
    else:
        yield ok(f"A process may open {soft} files.")
