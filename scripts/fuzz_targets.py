"""Sotto's processes with every socket open, and how each is spoken to by whoever means it harm."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.sources.remote import INDEX
from scripts.fuzz_frames import MICROPHONE, UNIX, WYOMING, Corpus, a_microphone
from tests.wyoming_stage import RELEASED, free_port

PATIENCE = 30.0
FAULTS = (
    "Traceback", "the event loop met", "died:", "ignored while cleaning up", "stopped by",
    "a fault of Sotto's own", "a peer was hung up on: ", "a client was hung up on: ",
    "exception", "its text is not",
)  # fmt: skip
"""What a log says where something was not foreseen."""
CLIENT = """
import asyncio, sys
from pathlib import Path
from plugins.door.packets import Doorstep
from plugins.wyoming.address import Address
from plugins.wyoming.remote import Remote
there = Address("tcp", "127.0.0.1", int(sys.argv[1]))
asyncio.run(Remote(there, longest_wait=0.002).run(Doorstep(Path(sys.argv[2]))))
"""
"""What `sotto wyoming` runs for a microphone elsewhere, without its waits."""


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
    hands: int = 1
    """How many speak at the same time: more than one where an answer is slow on purpose."""

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
            elif self.name == "events.sock":
                assert b'"state"' in line.recv(4096)


class Caller(Target):
    """A microphone elsewhere: not we connect, Sotto does, and hears whatever we say then."""

    def __init__(self, process: Process, listening: socket.socket, core: socket.socket) -> None:
        """`core`: the socket at which its sound arrives."""
        super().__init__("microphone elsewhere", process, self._called, MICROPHONE)
        self._listening = listening
        self._core = core
        self._one = threading.Lock()

    def _called(self) -> socket.socket:
        """The next call. It ends the process where none comes: then the microphone was given up."""
        try:
            while True:
                line = self._listening.accept()[0]
                if not _is_over(line):
                    return line
                line.close()  # while others were attacked, nobody answered here
        except TimeoutError:
            sys.exit(f"{self.name}: is not called any longer\n" + "\n".join(self.process.lines))

    def give(self, data: bytes) -> int:
        """Be called, say it, and wait until that is hung up on."""
        with self._one:
            return super().give(data)

    def probe(self) -> None:
        """Be a microphone as it should be, and be heard."""
        with self._one, self._called() as line:
            self._core.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while self._core.recv(4096):
                    pass
            sound = b"\x21\x43" * 1280
            line.sendall(a_microphone(sound))
            self._core.settimeout(PATIENCE)
            while self._core.recv(4096)[INDEX.size :] != sound:
                pass


def _is_over(line: socket.socket) -> bool:
    """Whether the other end is gone already, whatever it said before."""
    poll = select.poll()
    poll.register(line, select.POLLRDHUP)
    return bool(poll.poll(0))


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
        owners = dict.fromkeys(("door.sock", "home.sock", "names.sock", "presence.sock"), door)
        owners |= dict.fromkeys(("wyoming-satellite.sock", "wyoming-microphone.sock"), wyoming)
        targets = [Target(kind, wyoming, _tcp(ports[kind]), WYOMING[kind]) for kind in WYOMING]
        for name, corpus in UNIX.items():
            connect = _unix(folder / name, stream=name not in owners)
            hands = 6 if name == "events.sock" else 1  # each wish there waits for its turn
            targets.append(Target(name, owners.get(name, run), connect, corpus, hands))
        for target in targets:
            _wait(target)
        targets.append(stack.enter_context(_elsewhere(folder)))
        yield targets


@contextlib.contextmanager
def _elsewhere(folder: Path) -> Iterator[Caller]:
    """The client of a microphone elsewhere, and us at both its ends."""
    path = folder / "called.sock"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        words = [sys.executable, "-c", CLIENT, str(listening.getsockname()[1]), str(path)]
        with _started("client", words) as process:
            target = Target("client", process, _unix(path, stream=False), ())
            _wait(target)
            with target.connect() as core:
                yield Caller(process, listening, core)


@contextlib.contextmanager
def _process(folder: Path, command: str) -> Iterator[Process]:
    words = [sys.executable, "-m", "assistant", "--config", str(folder / "settings.yaml")]
    words += ["--state", str(folder), "--log-level", "warning", command]
    with _started(command, words) as process:
        yield process


@contextlib.contextmanager
def _started(command: str, words: list[str]) -> Iterator[Process]:
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
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
