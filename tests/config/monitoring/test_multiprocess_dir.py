"""Each server counts in a folder of its own; the folders of killed servers are removed."""

import os
import subprocess
import sys
import time

import pytest

from config.monitoring import multiprocess_dir

KEEP = """
import sys, time
from pathlib import Path
from config.monitoring import multiprocess_dir
with multiprocess_dir.new_directory(Path(sys.argv[1])):
    print("kept", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_folder_is_named(monkeypatch):
    monkeypatch.setenv(multiprocess_dir.VARIABLE, "")


def put_back(parent, seconds):
    """Set the time of all folders back by `seconds`."""
    then = time.time() - seconds
    for one in parent.iterdir():
        os.utime(one, (then, then))


@pytest.fixture
def another(tmp_path):
    """Provide another server with the same parent folder."""
    command = [sys.executable, "-c", KEEP, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        yield process
        process.kill()


def test_its_folder_is_gone_when_a_server_stops(tmp_path):
    with multiprocess_dir.new_directory(tmp_path):
        assert [str(one) for one in tmp_path.iterdir()] == [os.environ[multiprocess_dir.VARIABLE]]

    assert not list(tmp_path.iterdir())


def test_a_folder_that_the_environment_names_is_used_and_stays(tmp_path, monkeypatch):
    named = tmp_path / "named"
    named.mkdir()
    monkeypatch.setenv(multiprocess_dir.VARIABLE, str(named))

    with multiprocess_dir.new_directory(tmp_path / "metrics"):
        assert os.environ[multiprocess_dir.VARIABLE] == str(named)

    assert named.exists()
    assert not (tmp_path / "metrics").exists()


def test_another_servers_folder_is_left_alone(tmp_path, another):
    put_back(tmp_path, 3600)
    [theirs] = tmp_path.iterdir()

    with multiprocess_dir.new_directory(tmp_path):
        pass

    assert theirs.exists()


def test_what_a_killed_server_has_left_is_removed_when_its_workers_have_drained(tmp_path, another):
    another.kill()
    another.wait()

    with multiprocess_dir.new_directory(tmp_path):
        assert len(list(tmp_path.iterdir())) == 2
    put_back(tmp_path, multiprocess_dir.STALE_SECONDS + 1)
    with multiprocess_dir.new_directory(tmp_path):
        assert [str(one) for one in tmp_path.iterdir()] == [os.environ[multiprocess_dir.VARIABLE]]
