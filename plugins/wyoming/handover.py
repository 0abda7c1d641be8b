"""The core's side of the satellite: an utterance is given to a peer's pipeline instead of ours."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import struct
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

from assistant.errors import AssistantError, WyomingError
from assistant.private import Private
from assistant.types import (
    FRAME_BYTES,
    SAMPLE_RATE,
    AudioRelease,
    Partial,
    Refusal,
    Transcript,
    Utterance,
)
from pipeline.ports import Decoding, Expected, Recognizer
from plugins.wyoming.meeting import (
    MOST_SOUND,
    SOUND,
    Enough,
    FromCore,
    Over,
    Played,
    Ready,
    Replied,
    Woken,
    from_network,
    message,
)
from policies.decide import why

log = logging.getLogger(__name__)

AGAIN = 2.0
"""Seconds between two attempts to reach the network process."""
LONGEST_REPLY = 60 * SAMPLE_RATE * 2
"""Bytes of a reply."""
_LOOK = 0.5
_CREDENTIALS = struct.Struct("3i")


class Handover:
    """A line to `sotto wyoming`, kept by a thread of its own. Nothing here waits for it."""

    def __init__(
        self,
        path: Path,
        play: Callable[[bytes], None] | None,
        *,
        user: int | None = None,
    ) -> None:
        """`play` makes a reply heard, mono 16 kHz PCM; None: replies are not heard."""
        self.is_ready = False
        """Somebody waits for sound."""
        self.is_speaking = threading.Event()
        """Set while we would hear ourselves."""
        self.dropped = 0
        """Packets that the network process was too slow for."""
        self._path = path
        self._play = play
        self._user = os.geteuid() if user is None else user
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._wanted = False
        self._reply = bytearray()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="handover", daemon=True)
        self._thread.start()

    def begin(self, phrase: str | None) -> None:
        """Sound follows."""
        self._wanted = True
        self._say(Woken(phrase=phrase))

    def give(self, pcm: bytes) -> None:
        """Give sound, as long as it is wanted."""
        for start in range(0, len(pcm), MOST_SOUND):
            if self._wanted:
                self._send(SOUND + pcm[start : start + MOST_SOUND])

    def over(self) -> None:
        """That was all."""
        if self._wanted:
            self._wanted = False
            self._say(Over())

    def close(self) -> None:
        """Let go of the line."""
        self._closed.set()
        self._hang_up()
        self._thread.join(2 * _LOOK)

    def _say(self, said: FromCore) -> None:
        self._send(message(said))

    def _send(self, packet: bytes) -> None:
        """Send it now or not at all: the ear never waits."""
        with self._lock:
            if self._line is None:
                return
            try:
                self._line.send(packet, socket.MSG_DONTWAIT)
            except BlockingIOError:
                self.dropped += 1
            except OSError:
                self.is_ready = self._wanted = False

    def _run(self) -> None:
        while not self._closed.is_set():
            if self._connect():
                try:
                    self._listen()
                except WyomingError as error:
                    log.error("satellite: hung up: %s", error)
            self._hang_up()
            self._closed.wait(AGAIN)

    def _connect(self) -> bool:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            line.connect(str(self._path))
            owner = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            if _CREDENTIALS.unpack(owner)[1] != self._user:
                raise PermissionError
        except OSError:
            line.close()
            return False
        with self._lock:
            self._line = line
        return True

    def _listen(self) -> None:
        line = self._line
        assert line is not None
        poll = select.poll()
        poll.register(line, select.POLLIN)
        while not self._closed.is_set():
            if not poll.poll(_LOOK * 1000):
                continue
            try:
                packet = line.recv(MOST_SOUND + 2)
            except OSError:
                return
            if not packet:
                return
            self._heard(packet)

    def _heard(self, packet: bytes) -> None:
        match from_network(packet):
            case Ready(waits=waits):
                self.is_ready = waits
            case Enough():
                self._wanted = False
            case Replied():
                reply = bytes(self._reply)
                self._reply.clear()
                self._speak(reply)
                self._say(Played())
            case bytes() as sound:
                self._reply += sound
                if len(self._reply) > LONGEST_REPLY:
                    raise WyomingError("a reply that does not end")

    def _speak(self, reply: bytes) -> None:
        if self._play is None or not reply:
            return
        self.is_speaking.set()
        try:
            self._play(reply)
        except AssistantError as error:
            log.warning("the reply was not heard: %s", error)
        finally:
            self.is_speaking.clear()

    def _hang_up(self) -> None:
        with self._lock:
            line, self._line = self._line, None
            self.is_ready = self._wanted = False
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


class HandingOver:
    """Keeps `pipeline.ports.Recognizer`: commands go to the peer where it waits and the policy says
    so, everything else to our own recognizer.
    """

    def __init__(
        self,
        own: Recognizer,
        handover: Handover,
        may_hear: Callable[[int], AudioRelease | Refusal | None],
        phrase: str | None,
        sent: int = 0,
        today: Callable[[], date] = date.today,
    ) -> None:
        """`may_hear` is asked with how many utterances the peer got today; None: it can't be
        noted. `phrase`: the wake word, where there is only one; `sent`: what it got already.
        """
        self._own = own
        self._handover = handover
        self._may_hear = may_hear
        self._phrase = phrase
        self._today = today
        self._day = today()
        self._sent = sent
        self._told = ""

    def open(self, expect: Expected = "command") -> Decoding:
        """Begin an utterance."""
        if expect != "command" or not self._handover.is_ready:
            return self._own.open(expect)
        if (today := self._today()) != self._day:
            self._day, self._sent = today, 0
        match self._may_hear(self._sent):
            case AudioRelease() as release:
                self._told = ""
                self._sent += 1
                self._handover.begin(self._phrase)
                return _Given(self._handover, release)
            case Refusal() as refusal if why(refusal) != self._told:
                self._told = why(refusal)
                log.warning("satellite: no sound goes out: %s; it is dealt with here", self._told)
        return self._own.open(expect)

    def close(self) -> None:
        """Release the engine and the line."""
        self._handover.close()
        self._own.close()


class _Given:
    """Keeps `pipeline.ports.Decoding`: an utterance of which nothing is made here."""

    def __init__(self, handover: Handover, release: AudioRelease) -> None:
        self._handover = handover
        self._left = release.seconds * SAMPLE_RATE * 2

    def feed(self, pcm: bytes) -> Partial | None:
        """Give sound; what was heard before the wake word's end is not given."""
        if len(pcm) <= FRAME_BYTES and self._left > 0:
            self._handover.give(pcm[: self._left])
            self._left -= len(pcm)
        return None

    def pause(self) -> None:
        """The peer finds pauses by itself."""

    def finish(self, utterance: Utterance) -> Transcript:
        """Nothing was understood here."""
        self._handover.over()
        return Transcript(utterance.id, Private(""), 0.0)

    def abandon(self) -> None:
        """That was all, whatever it was."""
        self._handover.over()
