"""Folders of real servers: migrated and filled once, then copied for each server."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

DATABASE = "livechat.sqlite3"


@dataclass(frozen=True)
class Installed:
    """A folder prepared by ``manage.py``.

    Servers run in copies of it, never in the folder itself.
    """

    folder: Path

    def copy(self, folder: Path) -> Path:
        """Copy everything except logs to `folder`, which may exist already.

        Static files become a symbolic link, because no server writes them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            if path.name == "static":
                (folder / "static").symlink_to(path.resolve())
            elif path.is_dir():
                shutil.copytree(path, folder / path.name)
            elif not path.name.startswith(DATABASE) and path.suffix != ".log":
                shutil.copy(path, folder / path.name)
        self.copy_database(folder)
        return folder

    def copy_database(self, folder: Path) -> None:
        """Copy only the database, even into one that a server has open."""
        # Do not copy the file: the latest rows may still be in its journal.
        with (
            closing(sqlite3.connect(self.folder / DATABASE)) as ours,
            closing(sqlite3.connect(folder / DATABASE)) as copy,
        ):
            ours.backup(copy)
