"""A small disk that can be filled and emptied. Only root may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = 4_096


class Disk:
    """A folder with little space."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Fill the disk to the last byte."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (2**20, CHUNK):
                while True:
                    try:
                        if ballast.write(bytes(size)) < size:
                            break
                    except OSError:
                        break

    def empty(self) -> None:
        """Free the space that `fill` took."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small(folder: Path, mebibytes: int) -> Iterator[Disk]:
    """Yield a disk of this size, mounted at `folder`. Its contents are lost afterwards."""
    folder.mkdir(exist_ok=True)
    options = f"size={mebibytes}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def may_mount() -> bool:
    """Return whether this user may mount a disk."""
    return os.geteuid() == 0
