"""What systemd is told, heard at a socket as it would be."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from assistant.supervised import Supervisor, handed_over
from assistant.types import FRAME_BYTES, AudioFrame, Gap
from assistant.watched import AWAY, Watched


def frame(index: int) -> AudioFrame:
    return AudioFrame(index, bytes(FRAME_BYTES))


class Tape:
    def __init__(self, *items: AudioFrame | Gap) -> None:
        self.items = items
        self.closed = False

    def frames(self):
        yield from self.items

    def close(self) -> None:
        self.closed = True


class Manager:
    """systemd's end."""

    def __init__(self, path) -> None:
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def told(self) -> list[str]:
        lines: list[str] = []
        while True:
            try:
                lines += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return lines


@pytest.fixture
def manager(tmp_path):
    made = Manager(tmp_path / "notify")
    yield made
    made.socket.close()


def supervisor_of(manager: Manager, **more: str) -> Supervisor:
    return Supervisor({"NOTIFY_SOCKET": manager.path, **more})


def test_the_start_is_over_when_the_first_frame_was_dealt_with_and_not_before(manager):
    watched = Watched(Tape(frame(0), frame(1)), supervisor_of(manager), "listening for alexa")
    frames = watched.frames()
    next(frames)
    assert manager.told() == []
    next(frames)
    assert manager.told() == ["READY=1", "STATUS=listening for alexa"]
    assert list(frames) == []
    assert manager.told() == []


def test_only_frames_that_were_dealt_with_feed_the_watchdog(manager):
    supervisor = supervisor_of(manager, WATCHDOG_USEC="8", WATCHDOG_PID=str(os.getpid()))
    frames = Watched(Tape(*map(frame, range(4))), supervisor, "").frames()
    for _ in range(4):
        fed = manager.told().count("WATCHDOG=1")
        next(frames)
    assert fed == 1
    assert manager.told().count("WATCHDOG=1") == 1  # the one before the last: the last is not done
    supervisor.status("anything")
    supervisor.reloads(lambda: None)()
    supervisor.waits("no device")
    assert "WATCHDOG=1" not in manager.told()


def test_the_watchdog_is_not_fed_more_often_than_it_needs(manager):
    supervisor = supervisor_of(manager, WATCHDOG_USEC="3600000000")
    list(Watched(Tape(*map(frame, range(100))), supervisor, "").frames())
    assert manager.told().count("WATCHDOG=1") == 1


def test_a_lost_microphone_is_waited_for_and_the_watchdog_is_strict_again_after(manager):
    supervisor = supervisor_of(manager, WATCHDOG_USEC="6000000")
    tape = Tape(frame(0), Gap(0.08), Gap(3.0), frame(1), frame(2))
    list(Watched(tape, supervisor, "listening").frames())
    told = manager.told()
    patient = f"WATCHDOG_USEC={round(AWAY * 1e6)}"
    assert [line for line in told if line.startswith("WATCHDOG_USEC")] == [
        patient,
        patient,
        "WATCHDOG_USEC=6000000",
    ]
    assert [line for line in told if line.startswith("STATUS")] == [
        "STATUS=listening",
        "STATUS=no microphone: looking for it",
        "STATUS=listening",
    ]


def test_a_start_without_a_microphone_takes_longer_and_says_why(manager):
    supervisor_of(manager).waits("no microphone:\nplug one in")
    assert manager.told() == [
        "EXTEND_TIMEOUT_USEC=60000000",
        "STATUS=waiting: no microphone: plug one in",
    ]


def test_a_reload_is_told_while_it_goes_on_and_over_even_if_it_fails(manager):
    supervisor = supervisor_of(manager)
    supervisor.ready("listening")
    manager.told()

    def reload() -> None:
        during.extend(manager.told())
        raise ZeroDivisionError

    during: list[str] = []
    with pytest.raises(ZeroDivisionError):
        supervisor.reloads(reload)()
    assert during[0] == "RELOADING=1"
    assert during[1].startswith("MONOTONIC_USEC=")
    assert manager.told() == ["READY=1"]


def test_a_reload_before_the_start_is_over_does_not_end_the_start(manager):
    supervisor_of(manager).reloads(lambda: None)()
    assert manager.told() == []


def test_what_systemd_gave_us_is_not_given_to_children(manager):
    environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}
    supervisor = Supervisor(environment)
    assert environment == {}
    assert supervisor.watchdog is None  # it was meant for another process


def test_without_systemd_nothing_is_told_and_all_goes_on():
    supervisor = Supervisor({})
    tape = Tape(frame(0), Gap(1.0))
    watched = Watched(tape, supervisor, "listening")
    assert list(watched.frames()) == [frame(0), Gap(1.0)]
    watched.close()
    assert tape.closed
    assert not supervisor.is_there


def test_a_manager_that_went_away_stops_nothing(tmp_path):
    supervisor = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    supervisor.ready("listening")
    supervisor.stopping()


CHILD = """
import os, socket, sys
os.environ["LISTEN_PID"] = str(os.getpid())
from assistant.supervised import handed_over
for name in ("home", "other", "door"):
    found = handed_over(name, os.environ)
    print(name, found and found.getsockname(), found and os.get_inheritable(found.fileno()))
"""


def test_sockets_that_systemd_opened_are_told_apart_by_their_paths(tmp_path):
    made = []
    for name in ("door", "home"):
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(str(tmp_path / f"{name}.sock"))
        listening.listen()
        made.append(listening)

    def hand() -> None:
        for place, listening in enumerate(made):
            os.dup2(listening.fileno(), 10 + place)
        for place in range(len(made)):
            os.dup2(10 + place, 3 + place)

    said = subprocess.run(
        [sys.executable, "-c", CHILD],
        env={**os.environ, "LISTEN_FDS": "2", "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=hand,
        close_fds=False,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    for listening in made:
        listening.close()
    assert said == [
        f"home {tmp_path}/home.sock False",
        "other None None",
        f"door {tmp_path}/door.sock False",
    ]


def test_sockets_of_another_process_are_not_ours():
    assert handed_over("door", {"LISTEN_FDS": "1", "LISTEN_PID": "1"}) is None
    assert handed_over("door", {}) is None
