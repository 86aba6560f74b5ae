"""Folders for tests that start real servers. What takes seconds to make is made once in a run."""

from pathlib import Path

import pytest

from tests.machine.app import App
from tests.machine.server_folders import Installed
from tests.machine.workers import once


@pytest.fixture(scope="session")
def migrated(tmp_path_factory) -> Installed:
    """An empty database and a secret key."""
    with once(tmp_path_factory, "migrated") as (folder, is_made):
        if not is_made:
            App(folder).manage("migrate", "--verbosity", "0")
    return Installed(folder)


@pytest.fixture(scope="session")
def static_files(tmp_path_factory) -> Path:
    """The output of ``collectstatic`` without hundreds of flags, which no test requests."""
    with once(tmp_path_factory, "static") as (folder, is_made):
        if not is_made:
            App(folder).manage("collectstatic", "--no-input", "--verbosity", "0", "--ignore=flags")
    return folder / "static"


@pytest.fixture(scope="session")
def with_static_files(migrated, static_files, tmp_path_factory) -> Installed:
    """An empty database, and static files."""
    with once(tmp_path_factory, "with-static-files") as (folder, is_made):
        if not is_made:
            migrated.copy(folder)
            (folder / "static").symlink_to(static_files)
    return Installed(folder)


@pytest.fixture(scope="session")
def with_demo(with_static_files, tmp_path_factory) -> Installed:
    """The demo, and static files."""
    with once(tmp_path_factory, "with-demo") as (folder, is_made):
        if not is_made:
            with_static_files.copy(folder)
            App(folder, environ={"DEMO": "1"}).manage("load_demo")
    return Installed(folder)
