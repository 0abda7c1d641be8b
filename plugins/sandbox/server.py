"""Lets a skill's handlers answer what the host asks, inside the skill's process."""

from __future__ import annotations

import asyncio
import os
import re
from contextvars import ContextVar
from functools import partial
from typing import Literal

from assistant.errors import SkillError
from assistant.skill import Intent, Reply, Skill
from plugins.sandbox.loop import SkillLoop
from plugins.sandbox.wire import (
    MOST_BYTES,
    MOST_REPLY,
    Answer,
    Asks,
    DoIntent,
    Failed,
    Fetch,
    Fetched,
    Frames,
    FromSkill,
    Said,
    frame,
    from_host,
)

_current: ContextVar[tuple[Server, DoIntent]] = ContextVar("_current")


async def fetch(url: str, body: bytes | None = None) -> bytes:
    """Have the host get `url` (or post `body` to it), at a host that the manifest names.

    Raises SkillError with the host's reason.
    """
    server, intent = _current.get()
    method: Literal["GET", "POST"] = "GET" if body is None else "POST"
    answer = await server.request(Fetch(intent.id, url, method, body or b""))
    if not isinstance(answer, Fetched) or answer.error:
        raise SkillError(answer.error if isinstance(answer, Fetched) else "no answer")
    return answer.body


class Server:
    """Takes what the host says and lets the skill's handlers run."""

    def __init__(self) -> None:
        self.skill = Skill("")
        self._loop = SkillLoop()
        self._wire = -1
        self._frames = Frames()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, asyncio.Future[Answer | Fetched]] = {}

    def listen(self, wire: int) -> None:
        """Hear what comes over this wire, and none that was before."""
        if self._wire >= 0:
            self._loop.remove_reader(self._wire)
        self._wire = wire
        self._loop.add_reader(wire, self.hear)

    def serve(self) -> None:
        """Do what the host says, until it hangs up."""
        self._loop.run_forever()

    def turn(self) -> None:
        """Do what is to be done at once."""
        for _ in range(3):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()

    def hear(self) -> None:
        """Take what the host says; end when it has hung up."""
        data = os.read(self._wire, MOST_BYTES)
        if not data:
            os._exit(0)
        for message in self._frames.feed(data):
            match from_host(message):
                case DoIntent() as intent:
                    self._tasks[intent.id] = self._loop.create_task(self._answer(intent))
                case Answer() | Fetched() as came:
                    waiting = self._waiting.pop(came.id, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(came)

    async def request(self, message: Asks | Fetch) -> Answer | Fetched:
        """Say it and wait for the host's answer; one at a time for an intent."""
        if message.id in self._waiting:
            raise SkillError("this intent asks or fetches already")
        self._waiting[message.id] = self._loop.create_future()
        self.say(message)
        return await self._waiting[message.id]

    async def _ask(
        self, number: int, text: str, expect: tuple[str, ...], seconds: float
    ) -> str | None:
        """What `Intent.ask` does here: the host asks the person."""
        answer = await self.request(Asks(number, text, expect, seconds))
        return answer.text if isinstance(answer, Answer) else None

    async def _answer(self, asked: DoIntent) -> None:
        _current.set((self, asked))
        try:
            ask = partial(self._ask, asked.id)
            intent = Intent(asked.name, asked.slots, asked.response, asked.opened, ask, fetch)
            reply = await self.skill.handlers[asked.name](intent)
            if not isinstance(reply, Reply):
                raise TypeError
            self.say(Said(asked.id, _speakable(reply.text)))
        except Exception as error:  # a handler's failure is an answer too
            self.say(Failed(asked.id, line_of(error)))
        finally:
            self._tasks.pop(asked.id, None)

    def say(self, message: FromSkill) -> None:
        """Send a message, all of it, however long the host takes."""
        data = frame(message)
        while data:
            data = data[os.write(self._wire, data) :]


def line_of(error: BaseException) -> str:
    """The error's type and line, nothing of its text."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    kind = re.sub(r"\W", "_", type(error).__name__)[:60]
    if traceback is None:
        return f"{kind} at unknown:0"
    name = traceback.tb_frame.f_code.co_filename.rpartition("/")[2]
    file = re.sub(r"[^\w.-]", "_", name)[:80]
    return f"{kind} at {file}:{traceback.tb_lineno}"


def _speakable(text: str) -> str:
    return " ".join(text.split())[:MOST_REPLY]
