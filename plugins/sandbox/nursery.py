"""The host's end of the zygote: starts it, sends it orders, learns who was born and who is gone."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import SandboxError
from plugins.sandbox.kernel import machine
from plugins.sandbox.orders import MOST_BYTES, Fences, Order

START_LIMIT = 20.0
"""Seconds for a new interpreter to import what skills share, on a slow board."""
BIRTH_LIMIT = 5.0
"""Seconds for a fork, on a machine that is busy."""
# A process with one thread has no locks to make anew after a fork, and to do it costs a child
# half a megabyte of pages; `child` seeds `random`.
_BOOT = (
    "import json, os, socket, sys; os.register_at_fork = lambda **_: None; "
    "line = socket.socket(fileno=int(sys.argv[1])); "
    "sys.path[:] = json.loads(line.recv(65536)); "
    "from plugins.sandbox import zygote; zygote.main(line)"
)


_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""All of it. Libraries that calculate would end a process that can't have threads."""


@dataclass(frozen=True, slots=True)
class Born:
    """A skill's process."""

    process: int
    handle: int
    """A descriptor of the process (pidfd): it can mean no other, however late."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the zygote found that this kernel gives to this user."""

    landlock: int
    """Landlock's version, 0: none."""
    fences: Fences


class Nursery:
    """The zygote of one host: from `start` to `close`, and anew if it ended before a `fork`."""

    def __init__(self, gone: Callable[[int, int], None]) -> None:
        """`gone` is told the id and exit status of every child that ended."""
        self._gone = gone
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: asyncio.Future[tuple[dict[str, Any], list[int]]] | None = None
        self._orders = 0
        self._one_at_a_time = asyncio.Lock()

    @property
    def is_up(self) -> bool:
        """Whether the zygote is there, as far as we heard."""
        return self._line is not None

    @property
    def process(self) -> int | None:
        """The zygote's id, while there is one."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> Kernel:
        """Start the zygote. Raises SandboxError."""
        self.close()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            number = its.fileno()
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603  # quick, and our interpreter
                [sys.executable, "-I", "-S", "-c", _BOOT, str(number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[number],
                cwd="/",
                env=_ENVIRONMENT,
            )
        ours.setblocking(False)
        self._line = ours
        asyncio.get_running_loop().add_reader(ours, self._hear)
        self._orders = 0
        found, _ = await self._ask(json.dumps(import_path()).encode(), [], START_LIMIT)
        filters = bool(found["filter"]) and machine() is not None
        fences = Fences(filters, found["version"] > 0, bool(found["root"]))
        return Kernel(found["version"], fences)

    async def fork(self, order: Order, handed: list[socket.socket]) -> Born:
        """Have a skill's process made, with these sockets. Raises SandboxError."""
        async with self._one_at_a_time:
            if self._line is None:
                await self.start()
            numbers = [one.fileno() for one in handed]
            self._orders += 1
            answer, handles = await self._ask(order.pack(), numbers, BIRTH_LIMIT)
        if not handles:
            raise SandboxError("the sandbox's first process could not fork")
        return Born(answer["born"], handles[0])

    def close(self) -> None:
        """End the zygote, and with it every skill."""
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line)
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(SandboxError("the sandbox's first process ended"))

    async def _ask(
        self, data: bytes, handed: list[int], limit: float
    ) -> tuple[dict[str, Any], list[int]]:
        assert self._line is not None
        self._answer = asyncio.get_running_loop().create_future()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", handed))]
        try:
            self._line.sendmsg([data], rights if handed else [])
            async with asyncio.timeout(limit):
                return await self._answer
        except TimeoutError:
            self.close()
            line = f"the sandbox's first process said nothing for {limit:g} s"
            raise SandboxError(line) from None
        except OSError as error:
            self.close()
            raise SandboxError("the sandbox's first process takes no orders") from error

    def _hear(self) -> None:
        """Take one message of the zygote."""
        assert self._line is not None
        try:
            data, handed, _, _ = socket.recv_fds(self._line, MOST_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        except OSError:
            data, handed = b"", []
        if not data:
            self.close()
            return
        message = json.loads(data)
        if "gone" in message:
            self._gone(message["gone"], message["status"])
        elif self._is_awaited(message.get("order", 0)):
            assert self._answer is not None
            self._answer.set_result((message, list(handed)))
        else:
            for descriptor in handed:  # a process that nobody waits for any longer
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                os.close(descriptor)

    def _is_awaited(self, order: int) -> bool:
        """Whether this answers what was asked last; who asked before may have been cancelled."""
        return order == self._orders and self._answer is not None and not self._answer.done()


def import_path() -> list[str]:
    """Where this interpreter imports from, in full."""
    return [str(Path(place).absolute()) for place in sys.path if place and Path(place).exists()]
