"""Tries every escape as one user: as a control without the sandbox, and within each set of fences.

Run in a process of its own: `SOTTO_CANARY=... stage.py USER FENCES...`; prints a JSON object.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
from pathlib import Path

from hostile import CANARY, ESCAPES, EXITED, HARMLESS, attempt

import assistant
from assistant.errors import SandboxError, SkillError
from assistant.skill import Intent
from assistant.types import Words
from plugins.sandbox import places
from plugins.sandbox.confined import Confined
from plugins.sandbox.kernel import PR_SET_DUMPABLE, call, prctl
from plugins.sandbox.nursery import Nursery
from plugins.sandbox.orders import Fences
from plugins.sandbox.proxy import Proxy, no_network
from plugins.sandbox.sandboxed import Sandboxed
from plugins.sandbox.supervisor import order_of

NOBODY = 65_534
QUOTA = 1024 * 1024
FENCES = {
    "landlock": Fences(filter=True, landlock=True, root=False),
    "root": Fences(filter=True, landlock=False, root=True),
    "both": Fences(filter=True, landlock=True, root=True),
    "broker": Fences(filter=True, landlock=False, root=False),
    "no-filter": Fences(filter=False, landlock=True, root=True),
}


def leave_the_mounts() -> None:
    """What is mounted from now on is mounted for this process and its children only."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(0x20000) == 0
    assert libc.mount(b"none", b"/", None, 0x44000, None) == 0


def open_the_way(needed: list[Path]) -> None:
    """Let another user reach these paths: what is above them is opened, in this process only."""
    closed = {
        parent
        for path in needed
        for parent in path.parents
        if not parent.stat().st_mode & stat.S_IXOTH
    }
    top = [one for one in closed if not set(one.parents) & closed]
    libc = ctypes.CDLL(None, use_errno=True)
    for directory in top:
        inner = {
            path.relative_to(directory).parts[0] for path in needed if directory in path.parents
        }
        trees = {name: call(428, -100, os.fsencode(directory / name), 0x8001) for name in inner}
        assert libc.mount(b"none", os.fsencode(directory), b"tmpfs", 0, b"mode=755") == 0
        for name, tree in trees.items():
            (directory / name).mkdir()
            call(429, tree, b"", -100, os.fsencode(directory / name), 4)


def become(user: int) -> None:
    """Be this user, and as open to itself as if it had been from the start."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    prctl(PR_SET_DUMPABLE, 1)


class Stage:
    """Everything that an escape could want, in a folder and some processes of its own."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.own = base / "skills" / "hostile"
        self.other = base / "skills" / "other"
        self.secret = ctypes.create_string_buffer(CANARY.encode())
        self.listeners = [
            socket.create_server(("127.0.0.1", 0)),
            socket.create_server(("::1", 0), family=socket.AF_INET6),
        ]
        for name in (str(base / "line"), f"\0sotto-{os.getpid()}"):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(name)
            listener.listen()
            self.listeners.append(listener)
        for directory in (self.own, self.other, base / "private", base / "open"):
            directory.mkdir(parents=True, exist_ok=True)
        (base / "private").chmod(0o700)
        (base / "private" / "secret").write_text(CANARY)
        (self.other / "note").write_text(CANARY)
        self.inherited = os.open(base / "private" / "secret", os.O_RDONLY)
        os.set_inheritable(self.inherited, True)
        self.shm = Path(f"/dev/shm/sotto-{os.getpid()}")
        self.shm.write_text(CANARY)
        self.shared = ctypes.CDLL(None).shmget(0x50770000 + os.getpid() % 65_536, 4096, 0o1600)
        self.terminal = os.openpty()
        self.victim = os.fork()
        if not self.victim:
            while True:
                signal.pause()

    def targets(self) -> dict[str, object]:
        """What to attack, restored to how it was."""
        shutil.rmtree(self.base / "open")
        (self.base / "open").mkdir()
        (self.base / "open" / "file").write_text("words")
        for name in ("link", "hard", "moved", "mine", "much", "source", "target"):
            (self.own / name).unlink(missing_ok=True)
        found = {
            "own": str(self.own),
            "other": str(self.other),
            "secret": str(self.base / "private" / "secret"),
            "open": str(self.base / "open"),
            "file": str(self.base / "open" / "file"),
            "code": str(self.base / "code" / "hostile" / "__init__.py"),
            "host": os.getpid(),
            "address": ctypes.addressof(self.secret),
            "descriptor": self.inherited,
            "victim": self.victim,
            "tcp": self.listeners[0].getsockname()[1],
            "tcp6": self.listeners[1].getsockname()[1],
            "unix": str(self.base / "line"),
            "abstract": f"sotto-{os.getpid()}",
            "terminal": os.ttyname(self.terminal[1]),
            "shared": self.shared,
            "shm": str(self.shm),
            "quota": QUOTA,
        }
        (self.own / "targets.json").write_text(json.dumps(found))
        return found

    def close(self) -> None:
        os.kill(self.victim, signal.SIGKILL)
        os.waitpid(self.victim, 0)
        self.shm.unlink()
        ctypes.CDLL(None).umount2(os.fsencode(self.own), 2)  # a control may have mounted on it
        ctypes.CDLL(None).shmctl(self.shared, 0, None)


def control(name: str, stage: Stage) -> str:
    """The escape without a sandbox, in a child of this user."""
    targets = stage.targets()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.chdir(stage.own)
        signal.alarm(10)
        os.write(writer, attempt(name, targets).encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 200).decode()
    os.close(reader)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return "gained" if status == EXITED else said or f"ended with {status}"


class Cage:
    """Starts the hostile skill anew for every escape."""

    def __init__(self, fences: Fences, stage: Stage) -> None:
        self._stage = stage
        self._nursery = Nursery(self._gone)
        confined = Confined("hostile", "hostile:skill", stage.own, storage=QUOTA)
        self._order = order_of(confined, fences, places.of_python())

    async def __aenter__(self) -> Cage:
        await self._nursery.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._nursery.close()

    def _gone(self, process: int, status: int) -> None:
        if self._skill.process == process:
            self._skill.gone(status)

    async def attempt(self, name: str) -> str:
        """What the skill says of its attempt, or how it ended."""
        self._stage.targets()
        proxy = Proxy("hostile", (), no_network)
        self._skill = skill = Sandboxed(self._order, 5.0, self._nursery, proxy)
        try:
            await skill.start()
            return (await skill.handle(Intent("Escape", {"name": Words(name)}))).text
        except SkillError as error:
            if str(error).endswith(f"status {EXITED}"):
                return "gained"
            return f"killed: {error}" if "made a system call" in str(error) else f"odd: {error}"
        except SandboxError as error:
            return f"never began: {error}"
        finally:
            skill.end("is done")


async def main(user: str, wanted: list[str]) -> None:
    if os.geteuid() == 0:
        leave_the_mounts()
        needed = [sys.base_prefix, sys.prefix, assistant.__file__, __file__]
        open_the_way([Path(path).resolve() for path in needed])
    with tempfile.TemporaryDirectory(prefix="sotto-stage-", ignore_cleanup_errors=True) as base:
        os.chmod(base, 0o755)  # a str
        if user == "nobody" and os.geteuid() == 0:
            shutil.chown(base, NOBODY, NOBODY)
            become(NOBODY)
        # The skill's own code belongs to the host's user, and is not for the skill to change.
        shutil.copytree(Path(__file__).parent / "hostile", Path(base) / "code" / "hostile")
        sys.path.insert(0, f"{base}/code")
        stage = Stage(Path(base))
        try:
            results = {"control": {name: control(name, stage) for name in ESCAPES}}
            for fences in wanted:
                async with Cage(FENCES[fences], stage) as cage:
                    results[fences] = {name: await cage.attempt(name) for name in ESCAPES}
                    results[fences][HARMLESS] = await cage.attempt(HARMLESS)
        finally:
            stage.close()
    print(json.dumps(results))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
