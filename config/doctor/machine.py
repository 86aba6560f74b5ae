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
        yield ok("Files are not stored on this machine's disk.")
        return
    folder = Path(storage.location).resolve()
    try:
        health.accepts_files()
    except OSError as failure:
        yield error(
            f"Files cannot be written to {folder} ({type(failure).__name__}).",
            "Give the user that runs the server permission to write there.",
        )
        return
    served = [Path(root).resolve() for root in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS)]
    if any(folder.is_relative_to(root) for root in served):
        yield error(
            f"{folder} is public, and so are the files that visitors and operators sent.",
            'Set the alias "files" of STORAGES to a folder that is not served.',
        )
        return
    yield ok(f"Files are stored in {folder}.")


def has_space() -> Iterator[Finding]:
    disk = shutil.disk_usage(settings.VAR_DIR)
    percent = disk.free * 100 / disk.total
    state = (
        f"{disk.free / 2**30:.1f} GiB ({percent:.0f} %) are free on the disk of {settings.VAR_DIR}"
    )
    if not health.has_disk_space():
        yield error(f"{state}. The server reports that it is not ready.", "Free disk space.")
    elif percent < 2 * settings.DISK_RESERVE_PERCENT:
        yield warning(f"{state}.", "Free disk space soon.")
    else:
        yield ok(f"{state}.")


def has_open_file_limit() -> Iterator[Finding]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < ENOUGH_FILES:
        yield warning(
            f"A process can open {soft} files, enough for about {max(0, soft - 100)} connections.",
            "Raise the limit: ulimit -n 65535, or LimitNOFILE=65535 in the systemd unit.",
        )
    else:
        yield ok(f"A process can open {soft} files.")
