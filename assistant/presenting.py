"""The core's part of presence: what Home Assistant is shown, and what it may have done.

Shown are a state, counts and closed names. To mute is always allowed; whatever else somebody wants
needs the owner's leave in `presence.allow`. Each command is an entry in the audit log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from collections import deque
from collections.abc import Callable
from pathlib import Path

from assistant.agreement import Agreement
from assistant.errors import AssistantError
from assistant.events import Decided, Done, Effect, Event, Report, Understood
from assistant.observe.state import DEAF, Snapshot, State
from assistant.settings import PresenceSettings, Settings
from plugins.presence.link import PresenceLink, socket_path
from plugins.presence.wire import (
    MEMORY_STEP,
    Choose,
    Command,
    Do,
    Happened,
    Mood,
    Shown,
    There,
)
from storage import forgetting

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at what nobody tells us of: quiet hours, pauses, memory."""
MOST_COMMANDS, IN_SECONDS = 30, 60.0
"""Commands that are dealt with in so many seconds; what is more is dropped."""
_ALWAYS = frozenset({"mute", "decline"})
_MOST = 99_999


class Presenting:
    """Shows how it is, and does what may be done, while it is entered."""

    def __init__(
        self,
        settings: PresenceSettings,
        path: Path,
        under: Agreement,
        state: State,
    ) -> None:
        """`path`: the socket at which the door waits."""
        self.forget_talk: Callable[[], None] = _nothing
        """Lets go of the conversation that is going on; whoever has one puts it here."""
        self._running: asyncio.Task[None] | None = None
        self._allow = frozenset(settings.allow)
        self._under = under
        self._state = state
        self._link = PresenceLink(path, self._take)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unfollow: Callable[[], None] | None = None
        self._times: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarms: frozenset[str] = frozenset()
        self._names: dict[int, str] = {}
        self._effects: dict[int, Effect] = {}

    def reporter(self, onward: Report) -> Report:
        """A report that is followed here for intents that are done or refused."""

        def report(event: Event) -> None:
            onward(event)
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._follow, event)

        return report

    async def __aenter__(self) -> Presenting:
        """Begin."""
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End it."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        self._loop = loop = asyncio.get_running_loop()

        def changed(_snapshot: Snapshot) -> None:
            with contextlib.suppress(RuntimeError):  # it is over
                loop.call_soon_threadsafe(self._show)

        leave = self._state.subscribe(changed)
        linking = asyncio.create_task(self._link.run())
        try:
            while True:
                self._show()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            self._loop = None
            leave()
            self._stand(open_=False)
            for task in (linking, *self._tasks):
                task.cancel()
            await asyncio.gather(linking, *self._tasks, return_exceptions=True)

    def _show(self) -> None:
        """Have the door told how it is."""
        under = self._under
        pause = under.pause
        self._state.mute("pause", on=pause is not None and pause.is_on())
        snapshot = self._state.snapshot()
        muted = bool(snapshot.muted_by) or under.is_stopped("listening")
        for alarm in snapshot.alarms:
            if alarm not in self._alarms:
                self._link.happened(Happened(what="alarm", alarm=alarm))
        self._alarms = frozenset(snapshot.alarms)
        self._link.show(
            Shown(
                mood=_mood(snapshot, muted=muted),
                muted=muted,
                policy=under.choosing.option,
                intent=snapshot.last_intent,
                alarms=snapshot.alarms,
                confirm=under.confirming.button.is_waiting,
                memory=_memory(),
                utterances=min(_MOST, snapshot.today.get("utterances", 0)),
                kept=min(_MOST, snapshot.today.get("kept", 0)),
                sent=min(_MOST, snapshot.today.get("sent", 0)),
            )
        )

    def _follow(self, event: Event) -> None:
        """Tell of intents that are done or refused, when their utterance is dealt with."""
        match event:
            case Understood(id=number, name=str(name)):
                self._names[number] = name
            case Decided():
                self._effects[event.id] = event.effect
            case Done(id=number) if number in self._names and number in self._effects:
                done = self._effects[number] == "allow"
                what = Happened(what="done" if done else "refused", intent=self._names[number])
                self._link.happened(what)
                self._names.clear()
                self._effects.clear()
            case _:
                pass

    def _take(self, command: Command) -> None:
        """Something that somebody wants, or news of the broker."""
        if isinstance(command, There):
            self._stand(open_=command.open)
            return
        what = f"policy:{command.option}" if isinstance(command, Choose) else command.do
        if not self._is_in_time():
            log.warning("presence: too many commands; one was dropped")
            return
        task = asyncio.create_task(self._do(command, what))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_in_time(self) -> bool:
        """Whether there were not too many lately."""
        now = asyncio.get_running_loop().time()
        while self._times and now - self._times[0] > IN_SECONDS:
            self._times.popleft()
        if len(self._times) >= MOST_COMMANDS:
            return False
        self._times.append(now)
        return True

    async def _do(self, command: Do | Choose, what: str) -> None:
        """Do it, where it is allowed, and have the audit log say so."""
        try:
            became = await self._done(command)
        except AssistantError as error:
            log.error("presence: %s was not done: %s", what, error)
            became = "failed"
        reason = what if became is None else f"{what}-{became}"
        await asyncio.to_thread(self._under.agreed.note_command, "presence", reason)
        self._show()

    async def _done(self, command: Do | Choose) -> str | None:
        """Do it; what else became of it than that it was done."""
        if command.do not in self._allow | _ALWAYS:
            return "refused"
        if isinstance(command, Choose):
            choose = self._under.choosing.choose
            chosen = await asyncio.to_thread(choose, command.option, self._under.agreed)
            return None if chosen else "failed"
        if command.do in ("confirm", "decline"):
            button = self._under.confirming.button
            was_waited_for = button.press() if command.do == "confirm" else button.refuse()
            return None if was_waited_for else "unasked"
        if command.do == "erase":
            await self._erase()
            return None
        return await self._switch(muted=command.do == "mute")

    async def _switch(self, *, muted: bool) -> str | None:
        pause = self._under.pause
        if pause is None:
            return "failed"
        await (asyncio.to_thread(pause.pause, None) if muted else asyncio.to_thread(pause.end))
        return None

    async def _erase(self) -> None:
        """Destroy the keys of all that was kept until now; timers, lists and consents stay."""
        self.forget_talk()
        store, keeper = self._under.store, self._under.keeper
        if keeper is not None:
            keeper.recent.forget()
        if store is not None:
            await asyncio.to_thread(forgetting.forget_span, store.vault, None, None)

    def _stand(self, *, open_: bool) -> None:
        """Have a button, or none, as long as somebody can press it over there."""
        if open_ and self._unfollow is None and "confirm" in self._allow:
            self._unfollow = self._under.confirming.button.follow(self._waits)
        elif not open_ and self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    def _waits(self, is_waiting: bool) -> None:
        if is_waiting:
            self._link.happened(Happened(what="confirm"))
        self._show()


def presenting(
    settings: Settings, state: Path, under: Agreement, watched: State
) -> Presenting | None:
    """Make it where the settings want it; None: nothing is shown."""
    if not settings.presence.enabled:
        return None
    path = socket_path(settings.presence.socket, state)
    return Presenting(settings.presence, path, under, watched)


def _nothing() -> None:
    """Where nobody talks."""


def _mood(snapshot: Snapshot, *, muted: bool) -> Mood:
    if muted:
        return "muted"
    if snapshot.mood == "error" and DEAF & set(snapshot.alarms):
        return "no_microphone"
    return snapshot.mood


def _memory() -> int:
    """Megabytes that this process has in memory, in steps."""
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        pages = int(file.read().split()[1])
    return int(pages * resource.getpagesize() / 1e6) // MEMORY_STEP * MEMORY_STEP
