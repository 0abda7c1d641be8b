"""Private files and directories, and one process at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import StateError
from storage.files import (
    StateLock,
    erase,
    open_private,
    private_directory,
    read_private,
    write_private,
)

HOLD = """
import sys, time
from pathlib import Path
from storage.files import StateLock
with StateLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_new_directory_is_ours_alone(tmp_path):
    found = private_directory(tmp_path / "a" / "b")
    assert found.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_directory_that_others_may_write_is_refused_with_what_to_type(tmp_path, mode):
    tmp_path.chmod(mode)
    with pytest.raises(StateError, match=f"type: chmod go-w {tmp_path}"):
        private_directory(tmp_path)
    tmp_path.chmod(0o755)
    assert private_directory(tmp_path) == tmp_path


def test_a_directory_of_somebody_else_is_refused(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root gives a directory away")
    os.chown(tmp_path, 12345, -1)
    with pytest.raises(StateError, match="belongs to user 12345"):
        private_directory(tmp_path)


def test_a_directory_that_is_a_file_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="File exists"):
        private_directory(tmp_path / "file")


def test_a_private_file_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        write_private(tmp_path / "file", b"secret")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert read_private(tmp_path / "file", 6) == b"secret"
    with pytest.raises(StateError, match="larger than 5"):
        read_private(tmp_path / "file", 5)


def test_what_a_file_held_is_overwritten(tmp_path):
    write_private(tmp_path / "file", b"secret")
    with (tmp_path / "file").open("rb") as old:
        write_private(tmp_path / "file", b"new")
        assert old.read() == bytes(6)
    with (tmp_path / "file").open("rb") as new:
        erase(tmp_path / "file")
        assert new.read() == bytes(3)
    erase(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_links_pipes_and_open_files_are_refused(tmp_path):
    write_private(tmp_path / "file", b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(StateError, match="symbolic links"):
        open_private(tmp_path / "link")
    with pytest.raises(StateError, match="not a regular file"):
        open_private(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(StateError, match="not a regular file"):
        open_private(tmp_path / "pipe", os.O_RDWR)
    (tmp_path / "file").chmod(0o604)
    with pytest.raises(StateError, match="type: chmod 600"):
        open_private(tmp_path / "file")


def test_a_second_process_is_told_which_is_the_first(tmp_path):
    said = f"in use by process {os.getpid()}"
    with StateLock(tmp_path), pytest.raises(StateError, match=said), StateLock(tmp_path):
        pass
    with StateLock(tmp_path):
        pass


def test_a_killed_process_leaves_no_lock(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent) as one:
        assert one.stdout is not None
        assert one.stdout.readline() == b"held\n"
        with pytest.raises(StateError, match=f"process {one.pid};"), StateLock(tmp_path):
            pass
        one.kill()
        one.wait()
    with StateLock(tmp_path):
        pass
