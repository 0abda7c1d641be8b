"""Our microphone for somebody else's pipeline: only for one peer, and only under a release."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assistant.errors import DoorError, WyomingError
from assistant.types import FRAME_BYTES, SAMPLE_RATE, AudioFrame, AudioRelease, Refusal
from plugins.door.packets import Doorstep, Packets, peer
from plugins.wyoming.info import satellite_info
from plugins.wyoming.meeting import (
    SOUND,
    Enough,
    FromNetwork,
    Over,
    Played,
    Ready,
    Replied,
    Woken,
    from_core,
    message,
)
from plugins.wyoming.messages import Sound, read
from plugins.wyoming.peers import same
from plugins.wyoming.server import Line
from plugins.wyoming.sound import Hearing
from plugins.wyoming.wire import Frame
from policies.decide import why

log = logging.getLogger(__name__)

LONGEST_REPLY = 60 * SAMPLE_RATE * 2
"""Bytes of a reply's sound."""
_KIND = {"rate": SAMPLE_RATE, "width": 2, "channels": 1}


class Satellite:
    """Between the core, which hears and wakes, and the one peer that may have the sound."""

    name = "satellite"
    patience: float | None = None

    def __init__(
        self,
        server: str | None,
        may_hear: Callable[[], AudioRelease | Refusal],
        program: str,
        area: str | None,
        phrases: Sequence[str],
    ) -> None:
        """`server` is that peer's address."""
        self._server = server
        self.may_hear = may_hear
        self._program = program
        self._area = area
        self._phrases = tuple(phrases)
        self._talk: SatelliteTalk | None = None
        self._core: Packets | None = None

    def info(self) -> Mapping[str, Any]:
        """A satellite; nothing where no sound is released."""
        released = isinstance(self.may_hear(), AudioRelease)
        return satellite_info(self._program, self._area, self._phrases, released=released)

    def meet(self, line: Line) -> SatelliteTalk:
        """Begin to speak with a peer; it gets no sound yet."""
        return SatelliteTalk(self, line)

    def check(self, peer_address: str) -> None:
        """Raises WyomingError where the sound is not for this peer."""
        if self._server is None or not same(self._server, peer_address):
            raise WyomingError("its sound is for another (wyoming.satellite_for)")

    async def begin(self, talk: SatelliteTalk) -> None:
        """From now on this peer gets what is said; the newest counts, an older one may be gone."""
        before, self._talk = self._talk, talk
        if before is not None and before is not talk:
            before.line.hang_up()
        await self.tell_core(Ready(waits=True))

    async def end(self, talk: SatelliteTalk) -> None:
        """This peer gets nothing any longer."""
        if self._talk is talk:
            self._talk = None
            await self.tell_core(Ready(waits=False))

    async def tell_core(self, said: FromNetwork | bytes) -> None:
        """Tell it; one that is gone or does not read is hung up on."""
        core = self._core
        if core is None:
            return
        try:
            await core.send(SOUND + said if isinstance(said, bytes) else message(said))
        except (OSError, TimeoutError):
            core.hang_up()

    async def serve_core(self, doorstep: Doorstep, users: frozenset[int] | None = None) -> None:
        """Serve until cancelled, the newest core only. `users`: whose it may be; None: our own."""
        allowed = users or frozenset({os.geteuid()})
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            while True:
                connection, _ = await loop.sock_accept(doorstep.socket)
                if not doorstep.admits(connection, allowed):
                    log.warning("wyoming satellite: hung up on user %d", peer(connection))
                    connection.close()
                    continue
                if self._core is not None:
                    self._core.hang_up()
                self._core = Packets(connection)
                tasks.create_task(self._serve_one(self._core))

    async def _serve_one(self, core: Packets) -> None:
        """One core, until it is gone or says what no core says."""
        try:
            await self.tell_core(Ready(waits=self._talk is not None))
            while (packet := await core.receive()) is not None and core is self._core:
                await self._heard(from_core(packet))
        except (WyomingError, DoorError) as error:
            log.error("wyoming satellite: the core was hung up on: %s", error)
        finally:
            if core is self._core:
                self._core = None
                await self._to_peer(Over())
            await core.close()

    async def _heard(self, said: Woken | Over | Played | bytes) -> None:
        """Pass it on; where nobody waits for it or it is not released, say that it is enough."""
        if not await self._to_peer(said):
            await self.tell_core(Enough())

    async def _to_peer(self, said: Woken | Over | Played | bytes) -> bool:
        talk = self._talk
        if talk is None:
            return not isinstance(said, Woken)
        try:
            match said:
                case Woken(phrase=phrase):
                    return await talk.woken(phrase)
                case Over():
                    await talk.over()
                case Played():
                    await talk.line.send("played")
                case bytes():
                    return await talk.sound(said)
        except (OSError, WyomingError):
            talk.line.hang_up()
            return False
        return True


class SatelliteTalk:
    """What is said to one peer: sound after a wake word, and its reply."""

    def __init__(self, satellite: Satellite, line: Line) -> None:
        self._satellite = satellite
        self.line = line
        self._left = 0
        """Bytes of sound that may still go out; 0: none is going out."""
        self._sent = 0
        self._hearing = Hearing()
        self._replied = 0

    async def take(self, frame: Frame) -> None:
        """Hear what the peer's pipeline says."""
        satellite = self._satellite
        match frame.type:
            case "run-satellite":
                satellite.check(self.line.peer)
                await satellite.begin(self)
                await self._tell_refusal()
            case "pause-satellite":
                await satellite.end(self)
            case "voice-stopped" | "transcript" | "error":
                self._left = 0
                await satellite.tell_core(Enough())
            case "audio-start":
                read(frame, Sound)
                self._hearing, self._replied = Hearing(), 0
            case "audio-chunk":
                await self._reply(self._hearing.feed(read(frame, Sound), frame.payload))
            case "audio-stop":
                await self._reply(self._hearing.last())
                await satellite.tell_core(Replied())

    async def leave(self) -> None:
        """The peer is gone."""
        await self._satellite.end(self)

    async def woken(self, phrase: str | None) -> bool:
        """A wake word was heard: begin, if the policy says so now, too."""
        decision = self._satellite.may_hear()
        if isinstance(decision, Refusal):
            await self._tell_refusal()
            return False
        self._left = decision.seconds * SAMPLE_RATE * 2
        self._sent = 0
        await self.line.send("detection", {"name": phrase, "timestamp": None})
        await self.line.send(
            "run-pipeline", {"start_stage": "asr", "end_stage": "tts", "restart_on_end": False}
        )
        await self.line.send("audio-start", {**_KIND, "timestamp": 0})
        return True

    async def sound(self, pcm: bytes) -> bool:
        """Send it; False: no more of it."""
        if not self._left:
            return False
        pcm = pcm[: self._left]
        timestamp = self._sent * 1000 // (SAMPLE_RATE * 2)
        await self.line.send("audio-chunk", {**_KIND, "timestamp": timestamp}, pcm)
        self._sent += len(pcm)
        self._left -= len(pcm)
        if not self._left:
            await self._stop()
        return bool(self._left)

    async def over(self) -> None:
        """That was all."""
        if self._left:
            self._left = 0
            await self._stop()

    async def _stop(self) -> None:
        timestamp = self._sent * 1000 // (SAMPLE_RATE * 2)
        await self.line.send("audio-stop", {"timestamp": timestamp})

    async def _tell_refusal(self) -> None:
        decision = self._satellite.may_hear()
        if isinstance(decision, Refusal):
            reason = f"no sound goes out: {why(decision)}"
            log.warning("wyoming satellite: %s", reason)
            with contextlib.suppress(OSError):
                await self.line.send("error", {"text": reason, "code": "not-released"})

    async def _reply(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self._replied += FRAME_BYTES
            if self._replied > LONGEST_REPLY:
                raise WyomingError("a reply that does not end")
            await self._satellite.tell_core(frame.pcm)
