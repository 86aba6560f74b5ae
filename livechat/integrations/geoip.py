"""Look up the country of an IP address in the file that ``GEOIP_PATH`` names.

The file may be replaced while the server runs. While it is broken or missing, every country is
unknown and nothing is raised.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.contrib.gis.geoip2 import GeoIP2
from django.contrib.gis.geoip2 import GeoIP2Exception as NotADatabase
from geoip2.errors import GeoIP2Error
from maxminddb import MODE_MEMORY, InvalidDatabaseError

logger = structlog.stdlib.get_logger(__name__)

LOOK_SECONDS = 5.0
"""How often to check whether the file has changed."""
OLD_AFTER = timedelta(days=90)
"""Addresses move between countries, so an older file gives more and more wrong results."""
MAX_REMEMBERED = 20_000

FAILURES = (OSError, ValueError, TypeError, KeyError, NotADatabase, InvalidDatabaseError)
"""What opening a missing, broken or unsuitable file can raise."""


class Countries:
    """The countries of a GeoIP file, opened at the first call and again after it has changed."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path) if path else None
        self._looked_at = -LOOK_SECONDS
        self._stamp: tuple[int, int, int] | None = None
        self._file: GeoIP2 | None = None
        self._known: dict[str, str] = {}

    def of(self, address: str) -> str:
        """Return the ISO code of the country of an IP address, "" if it is unknown."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._look()
        if self._file is None:
            return ""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            known = self._known[address] = _country(self._file, address)
        return known

    def _look(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self._known.clear()
        try:
            self._file = open_file(self._path) if self._path and stamp else None
        except FAILURES as error:
            self._file = None
            logger.warning("geoip.unusable", error=type(error).__name__)


def open_file(path: Path) -> GeoIP2:
    """Return an opened GeoIP file; raises one of `FAILURES`.

    It is read into memory: if a memory-mapped file were truncated, the operating system would end
    the process.
    """
    return GeoIP2(str(path), cache=MODE_MEMORY)


def age(file: GeoIP2, now: datetime) -> timedelta:
    """Return how long ago the file was built."""
    metadata: Any = file._reader.metadata()  # type: ignore[attr-defined]  # no public accessor
    return now - datetime.fromtimestamp(metadata.build_epoch, UTC)


def _country(file: GeoIP2, address: str) -> str:
    try:
        return str(file.country_code(address) or "")
    except (GeoIP2Error, *FAILURES):  # not in the file, or not an IP address
        return ""


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns) if status else None


countries = Countries(settings.GEOIP_PATH)
"""The countries of this installation's file."""
