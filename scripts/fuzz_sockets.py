"""Mutated frames and garbage on every socket of a running Sotto, as others may send them.

Holds: no unhandled exception, no more than 10 MB of memory more, and whoever asks at the same time
is answered. Beside it the reader of PyPI's wyoming, on one header. 1 where it does not hold.

usage: python -m scripts.fuzz_sockets [--frames N] [--garbage MIB] [--only NAME]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scripts.fuzz_frames import UNIX, WYOMING, Corpus, garbage, mutated
from scripts.fuzz_stock import compare
from tests.wyoming_stage import RELEASED, free_port

ALLOWED = 10 << 20
"""Bytes of memory more."""
PATIENCE = 30.0
FAULTS = (
    "Traceback", "the event loop met", "died:", "ignored while cleaning up", "stopped by",
    "a fault of Sotto's own", "a peer was hung up on: ", "a client was hung up on: ",
    "exception", "its text is not",
)  # fmt: skip
"""What a log says where something was not foreseen."""


@dataclass
class Process:
    """One of Sotto's processes."""

    command: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def follow(self) -> None:
        """Keep what it logs (a thread)."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip())

    @property
    def memory(self) -> int:
        """Bytes that are resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    @property
    def faults(self) -> list[str]:
        """Lines that tell of something unforeseen."""
        return [line for line in self.lines if any(fault in line for fault in FAULTS)]


@dataclass
class Target:
    """A socket, and what is said there."""

    name: str
    process: Process
    connect: Callable[[], socket.socket]
    corpus: Corpus

    def give(self, data: bytes) -> int:
        """Connect, say it, and hear the answer to its end; how many bytes it took."""
        given = 0
        with contextlib.suppress(OSError), self.connect() as line:
            line.settimeout(PATIENCE)
            step = 4096 if line.type == socket.SOCK_SEQPACKET else 1 << 16
            with contextlib.suppress(OSError):
                for start in range(0, len(data), step):
                    given += line.send(data[start : start + step])
                line.shutdown(socket.SHUT_WR)
            while line.recv(1 << 16):
                pass
        return given

    def probe(self) -> None:
        """Be another client, and be served."""
        with self.connect() as line:
            line.settimeout(PATIENCE)
            if self.name in WYOMING:
                line.sendall(b'{"type":"describe"}\n')
                assert b'"info"' in line.recv(4096)
            elif self.name in ("control", "metrics.sock"):
                line.sendall(self.corpus[0])
                assert line.recv(4096)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one socket."""

    name: str
    frames: int
    mebibytes: float
    seconds: float
    grown: int
    slowest: float
    """Seconds in which another client was served, at worst."""
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all is as it should be."""
        return not self.faults and self.grown <= ALLOWED


def attack(target: Target, frames: int, mebibytes: float, chance: random.Random) -> Row:
    """Send it all, and look what became of the process."""
    process = target.process
    slowest = 0.0
    for _ in range(max(200, frames // 20)):  # what is made once is made now
        target.give(mutated(chance, target.corpus))
    target.probe()
    before, faults, began = process.memory, len(process.faults), time.monotonic()
    for number in range(frames):
        target.give(mutated(chance, target.corpus))
        if number % max(1, frames // 50) == 0:
            asked = time.monotonic()
            target.probe()
            slowest = max(slowest, time.monotonic() - asked)
    left = int(mebibytes * 2**20)
    while left > 0:
        left -= max(4096, target.give(garbage(chance, min(left, 2**20))))
    target.probe()
    assert process.process.poll() is None, f"{process.command} ended"
    seconds = time.monotonic() - began
    return Row(
        target.name, frames, mebibytes, seconds, process.memory - before, slowest,
        tuple(process.faults[faults:]),
    )  # fmt: skip


@contextlib.contextmanager
def sotto(folder: Path) -> Iterator[list[Target]]:
    """Sotto's three processes with every socket open."""
    ports = {kind: free_port() for kind in WYOMING}
    policy, token = folder / "policy.yaml", folder / "token"
    policy.write_text(RELEASED)
    token.write_text("x" * 180)
    token.chmod(0o600)
    settings = {
        "policies": {"files": [str(policy)]},
        "microphone": {"device": "wyoming"},
        "voice": {"engine": "none"},
        "door": {"address": "127.0.0.1", "port": free_port(), "tls": False},
        "home_assistant": {"url": f"http://127.0.0.1:{free_port()}", "token_file": str(token)},
        "presence": {"enabled": True},
        "observe": {"metrics": True, "events": True},
        "wyoming": {
            **{kind: f"tcp://127.0.0.1:{port}" for kind, port in ports.items()},
            "satellite_for": "127.0.0.1",
            "microphone": f"tcp://127.0.0.1:{free_port()}",
        },
    }
    (folder / "settings.yaml").write_text(json.dumps(settings))
    with contextlib.ExitStack() as stack:
        run, door, wyoming = (
            stack.enter_context(_process(folder, command)) for command in ("run", "door", "wyoming")
        )
        owners = {"door.sock": door, "home.sock": door, "presence.sock": door}
        owners |= dict.fromkeys(("wyoming-satellite.sock", "wyoming-microphone.sock"), wyoming)
        targets = [Target(kind, wyoming, _tcp(ports[kind]), WYOMING[kind]) for kind in WYOMING]
        for name, corpus in UNIX.items():
            connect = _unix(folder / name, stream=name not in owners)
            targets.append(Target(name, owners.get(name, run), connect, corpus))
        for target in targets:
            _wait(target)
        yield targets


@contextlib.contextmanager
def _process(folder: Path, command: str) -> Iterator[Process]:
    words = [sys.executable, "-m", "assistant", "--config", str(folder / "settings.yaml")]
    with subprocess.Popen(
        [*words, "--state", str(folder), "--log-level", "warning", command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        process = Process(command, started)
        threading.Thread(target=process.follow, daemon=True).start()
        try:
            yield process
        finally:
            started.terminate()


def _tcp(port: int) -> Callable[[], socket.socket]:
    return lambda: socket.create_connection(("127.0.0.1", port), PATIENCE)


def _unix(path: Path, *, stream: bool) -> Callable[[], socket.socket]:
    def connect() -> socket.socket:
        line = socket.socket(
            socket.AF_UNIX, socket.SOCK_STREAM if stream else socket.SOCK_SEQPACKET
        )
        try:
            line.connect(str(path))  # waits where too many are before us
        except OSError:
            line.close()
            raise
        return line

    return connect


def _wait(target: Target) -> None:
    """Until it can be connected to."""
    until = time.monotonic() + 120
    while True:
        try:
            target.connect().close()
            return
        except OSError:
            if target.process.process.poll() is not None or time.monotonic() > until:
                sys.exit(f"{target.name}: not there\n" + "\n".join(target.process.lines))
            time.sleep(0.2)


def main() -> int:
    """Attack every socket, one after the other, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--garbage", type=float, default=11, metavar="MIB")
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--seed", type=int, default=6)
    given = parser.parse_args()
    chance, holds = random.Random(given.seed), True
    print(
        f"{'socket':<26}{'frames':>8}{'MiB':>6}{'s':>8}{'memory':>11}{'other client':>14}  faults"
    )
    with tempfile.TemporaryDirectory() as name, sotto(Path(name)) as targets:
        for target in targets:
            if given.only and target.name not in given.only:
                continue
            row = attack(target, given.frames, given.garbage, chance)
            holds = holds and row.holds
            print(
                f"{row.name:<26}{row.frames:>8}{row.mebibytes:>6.0f}{row.seconds:>8.0f}"
                f"{row.grown / 2**20:>+8.1f} MB{row.slowest:>12.2f} s  {len(row.faults)}",
                flush=True,
            )
            for line in dict.fromkeys(row.faults):
                print(f"    {line}")
    print()
    for line in compare():
        print(line)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
