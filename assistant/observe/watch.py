"""All that watches the daemon, in one: made by `sotto run`, entered while it listens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from assistant.agreement import Agreement
from assistant.events import Alarm, Event, Noted, Report
from assistant.observe import machine
from assistant.observe.lamps import Ears, Lamps
from assistant.observe.meter import Meter
from assistant.observe.metrics import Metrics
from assistant.observe.sockets import Listening, place
from assistant.observe.state import State
from assistant.settings import ObserveSettings

log = logging.getLogger(__name__)

METRICS = "metrics.sock"
METRICS_VARIABLE = "SOTTO_METRICS_SOCKET"
"""Names the place at which a group may connect to the service (systemd/sotto-core.service)."""
SCRAPERS = 4
"""Scrapers at one time."""
LOOK_EVERY = 0.5
"""Seconds between two looks at what nobody tells us of."""
BOARD_EVERY = 20
"""Looks between two at the board."""
AGREED: tuple[Alarm, ...] = ("policy", "consents", "audit", "store")
"""Alarms of what was agreed and kept."""
STALLED = 10.0
"""Seconds without a frame after which nothing is heard any longer."""


class Microphone(Protocol):
    """A microphone that says how it is."""

    gaps: int
    dropped: int
    is_silent: bool

    @property
    def state(self) -> str:
        """`listening`, while sound comes."""
        ...


class Watch:
    """`state` is what everybody reads; `meter` and `metrics` are fed beside it."""

    def __init__(self, settings: ObserveSettings, directory: Path) -> None:
        """`directory`: where the sockets are, if the settings want any."""
        self.state = State()
        self.meter = Meter()
        self.metrics = Metrics(self.state, self.meter)
        self._settings = settings
        self._directory = directory
        self._under: Agreement | None = None
        self._microphone: Microphone | None = None
        self._seen = (0, 0)
        self._looks = 0
        self._cpu = 0.0
        self._share = 0.0
        self._sockets: list[Listening] = []
        self._looking: asyncio.Task[None] | None = None
        self._stack = contextlib.AsyncExitStack()

    def reporter(self, onward: Report) -> Report:
        """A report that is followed here and then goes onward."""

        def report(event: Event) -> None:
            self.state.take(event)
            self.metrics.take(event)
            onward(event)

        return report

    def follow(self, under: Agreement, microphone: Microphone, ears: Ears) -> None:
        """Watch these; before it is entered."""
        self._under, self._microphone = under, microphone
        self.metrics.queues = lambda: {"utterances": ears.waiting}
        if under.switch is not None:
            under.switch.tell = lambda on: self.state.mute("switch", on=on)
        if self._settings.metrics:
            where = place(METRICS_VARIABLE, self._directory / METRICS)
            self._sockets.append(Listening(where, self.metrics.serve, SCRAPERS))
        if self._settings.events and under.pause is not None:
            lamps = Lamps(self.state, ears, under.pause, under.confirming.button)
            self._sockets.append(lamps.listening(self._directory))

    async def __aenter__(self) -> Watch:
        """Begin. Raises StateError where a socket can't be made."""
        async with contextlib.AsyncExitStack() as stack:
            for one in self._sockets:
                await stack.enter_async_context(one)
            self._stack = stack.pop_all()
        self._looking = asyncio.create_task(self._look_always())
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End it."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self._stack.aclose()

    def look(self) -> None:
        """See what nobody tells us of: mutes, the microphone, the board."""
        if self._under is not None:
            self._see_mutes(self._under)
        if self._microphone is not None:
            self._see_microphone(self._microphone)
        if self._looks % BOARD_EVERY == 0:
            self._see_board()
        self._looks += 1
        self.state.tick()

    def report(self) -> dict[str, Any]:
        """What `sotto status` shows, as plain values."""
        now, board = self.state.snapshot(), machine.read()
        return {
            "version": version("sotto-voice"),
            "mood": now.mood,
            "muted_by": list(now.muted_by),
            "alarms": list(now.alarms),
            "last_intent": now.last_intent,
            "level": round(self.meter.level, 1),
            "wake_score": round(self.meter.score, 3),
            "uptime": round(now.uptime),
            "counts": dict(now.counts),
            "today": dict(now.today),
            "queues": dict(self.metrics.queues()),
            "mebibytes": round(board.memory / 2**20),
            "cpu": round(self._share, 3),
            "celsius": board.hottest,
        }

    def answer(self, _request: Mapping[str, Any]) -> int:
        """Say it over the control socket."""
        print(json.dumps(self.report()))  # noqa: T201  # it goes to whoever asked
        return 0

    def answer_metrics(self, _request: Mapping[str, Any]) -> int:
        """Say the metrics over the control socket."""
        print(self.metrics.text(), end="")  # noqa: T201  # the same
        return 0

    async def _look_always(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY)

    def _see_mutes(self, under: Agreement) -> None:
        if under.switch is not None:
            self.state.mute("switch", on=under.switch.is_on())
            self.state.alarm("switch", on=under.switch.is_broken)
        self.state.mute("pause", on=under.pause is not None and under.pause.is_on())
        self.state.mute("policy", on=under.agreed.is_stopped("listening"))
        for kind in AGREED:
            self.state.alarm(kind, on=kind in under.agreed.troubles)

    def _see_microphone(self, microphone: Microphone) -> None:
        quiet = self.meter.quiet_for
        self.state.alarm("microphone", on=quiet is not None and microphone.state != "listening")
        self.state.alarm("stalled", on=quiet is not None and quiet > STALLED)
        self.state.alarm("silent", on=microphone.is_silent)
        gaps, late = self._seen
        self._seen = microphone.gaps, microphone.dropped
        if microphone.gaps > gaps:
            self.state.take(Noted("gap", microphone.gaps - gaps))
        if microphone.dropped > late:
            self.state.take(Noted("late", microphone.dropped - late))

    def _see_board(self) -> None:
        board = machine.read()
        if self._looks:
            self._share = (board.cpu_seconds - self._cpu) / (LOOK_EVERY * BOARD_EVERY)
        self._cpu = board.cpu_seconds
        self.state.alarm("temperature", on=(board.hottest or 0.0) >= machine.HOT)
        self.state.alarm("memory", on=0 < board.available < machine.TIGHT)
        self.state.alarm("disk", on=machine.is_full(self._directory))
