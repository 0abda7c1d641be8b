"""A Debian folder in which a real systemd boots without hardware (debootstrap, systemd-nspawn)."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "libnss-systemd", "python3", "python3-venv"),
    *("libportaudio2", "pulseaudio", "pulseaudio-utils", "libasound2-plugins", "alsa-utils"),
    *("espeak-ng", "ca-certificates", "iproute2", "procps"),
)
CONTROLLERS = ("memory", "pids", "devices")
"""Of the old cgroup hierarchies: what systemd in the machine is lent where the host has those."""
PYTHON = (3, 11)
INIT = "/lib/systemd/systemd"
CALLS = "@memlock memfd_secret landlock_create_ruleset landlock_add_rule landlock_restrict_self"
"""System calls that systemd-nspawn itself would refuse, and a real machine does not."""


def make_folder(folder: Path, suite: str = "bookworm") -> None:
    """Make a small Debian there, once. Raises CalledProcessError."""
    if (folder / "etc/debian_version").exists():
        return
    print(f"making a small Debian in {folder} (some minutes, once)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    include = f"--include={','.join(PACKAGES)}"
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        subprocess.run(
            ["debootstrap", "--variant=minbase", include, suite, str(folder)],
            check=True,
            stdout=output,
            stderr=output,
        )


class Machine:
    """One boot of a folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self._groups: list[Path] = []
        self._nspawn: subprocess.Popen[bytes] | None = None
        self.leader = 0
        """The id that the machine's first process has outside."""
        self.began = 0.0
        """When it was switched on, as files' times say it."""

    def start(self) -> None:
        """Boot it, and wait until systemd is done with that."""
        line = [
            "systemd-nspawn",
            "-q",
            "-D",
            str(self.folder),
            "--register=no",
            "--private-network",
        ]
        line += [
            "--console=read-only",
            "--kill-signal=SIGRTMIN+3",
            f"--system-call-filter={CALLS}",
            *self._options,
        ]
        if not Path("/run/systemd/system").is_dir():
            line.append("--keep-unit")
        old = [name for name in CONTROLLERS if Path(f"/sys/fs/cgroup/{name}/cgroup.procs").exists()]
        if old:
            # They are shown read-only; what is shown is a group of our own, so it may be written.
            mounts = "; ".join(f"mount -o remount,bind,rw /sys/fs/cgroup/{name}" for name in old)
            line += ["/bin/sh", "-c", f"{mounts}; exec {INIT}"]
        else:
            line.append(INIT)
        self._groups = [Path(f"/sys/fs/cgroup/{name}/sotto-units-{os.getpid()}") for name in old]
        for group in self._groups:
            group.mkdir(exist_ok=True)
        self.began = time.time()
        with self.folder.with_suffix(".boot").open("wb") as console:
            self._nspawn = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                preexec_fn=self._join,  # noqa: PLW1509  # there is one thread
            )
        self._find_leader()
        for _ in range(240):
            if (
                self.run(
                    "systemctl is-system-running --quiet; systemctl is-active multi-user.target"
                )[1]
                == "active"
            ):
                return
            time.sleep(0.25)
        raise RuntimeError(f"the machine does not boot: see {self.folder.with_suffix('.boot')}")

    def stop(self) -> None:
        """Switch it off."""
        if self._nspawn is not None:
            if self.leader:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.leader, signal.SIGRTMIN + 4)
            try:
                self._nspawn.wait(30)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        for group in self._groups:
            for inner in sorted(group.rglob("*/"), key=lambda path: -len(path.parts)):
                with contextlib.suppress(OSError):
                    inner.rmdir()
            with contextlib.suppress(OSError):
                group.rmdir()

    def run(self, command: str, limit: float = 120.0) -> tuple[int, str]:
        """Run a shell command inside, as root and outside every unit: its status and output."""
        line = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C"]
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
        done = subprocess.run(
            [*line, "/bin/sh", "-c", command],
            env=clean,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit,
            check=False,
        )
        return done.returncode, done.stdout.decode(errors="replace").strip()

    def must(self, command: str, limit: float = 120.0) -> str:
        """The same; raises RuntimeError where it fails."""
        status, output = self.run(command, limit)
        if status != 0:
            raise RuntimeError(f"{command}: status {status}: {output}")
        return output

    @property
    def root(self) -> Path:
        """Its files as it sees them, with what is mounted there."""
        return Path(f"/proc/{self.leader}/root")

    def beside(self, line: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program of ours, with our files, in the machine's network."""
        return subprocess.Popen(
            ["nsenter", "-t", str(self.leader), "-n", *line], stdout=subprocess.PIPE, text=True
        )

    def outside(self, process: int) -> int:
        """The id outside of a process that has this one inside."""
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError, ValueError):
                ids = next(
                    line for line in status.read_text().splitlines() if line.startswith("NSpid")
                )
                numbers = [int(word) for word in ids.split()[1:]]
                if len(numbers) > 1 and numbers[-1] == process and self._is_ours(numbers[0]):
                    return numbers[0]
        raise RuntimeError(f"process {process} is not found outside")

    def _is_ours(self, process: int) -> bool:
        return _processes_of(process) == _processes_of(self.leader)

    def _join(self) -> None:
        for group in self._groups:
            (group / "cgroup.procs").write_text("0")

    def _find_leader(self) -> None:
        assert self._nspawn is not None
        for _ in range(100):
            if self._nspawn.poll() is not None:
                break
            task = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
            for child in task.read_text().split():
                with contextlib.suppress(OSError):
                    if _processes_of(int(child)) != _processes_of(os.getpid()):
                        self.leader = int(child)
                        return
            time.sleep(0.1)
        raise RuntimeError(f"nothing boots: see {self.folder.with_suffix('.boot')}")


def _processes_of(process: int) -> Path:
    """The namespace in which its id counts."""
    return Path(f"/proc/{process}/ns/pid").readlink()


@contextlib.contextmanager
def booted(folder: Path, *options: str) -> Iterator[Machine]:
    """A running machine, switched off afterwards."""
    machine = Machine(folder, *options)
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


def lacking() -> str | None:
    """What is missing here, or None."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it needs root: sudo make units-test"
    for command, package in (
        ("systemd-nspawn", "systemd-container"),
        ("debootstrap", "debootstrap"),
        ("mosquitto", "mosquitto"),
        ("openssl", "openssl"),
    ):
        if shutil.which(command) is None:
            return f"{command} is missing: apt-get install {package}"
    if sys.version_info[:2] != PYTHON:
        return "the machine's Debian 12 has Python 3.11, for which what it gets is made here"
    return None
