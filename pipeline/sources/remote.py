"""A microphone elsewhere: its frames come from `sotto wyoming` through a Unix socket.

This process has no network. A packet is a frame: its index, eight bytes, little-endian, and its
sound. The indexes count time at the microphone, so one that jumps says how much was lost.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

from assistant.types import FRAME_BYTES, FRAME_SECONDS, AudioFrame, Gap
from pipeline.sources.microphone import MicrophoneState

log = logging.getLogger(__name__)

SOCKET = "wyoming-microphone.sock"
INDEX = struct.Struct("<q")
PACKET = INDEX.size + FRAME_BYTES
STALLED = 2.0
"""Seconds without a frame after which there is no microphone."""
AGAIN = 1.0
"""Seconds between two attempts to reach the other process."""
LONGEST_GAP = 10 * 365 * 86_400
_LOOK = 0.2
_CREDENTIALS = struct.Struct("3i")


class RemoteMicrophone:
    """A source that waits for ever for its sound; `state` is "listening" only while it comes.

    A gap comes when it is lost, and another when it is back, as the local microphone's do.
    """

    def __init__(
        self,
        path: Path,
        observe: Callable[[MicrophoneState], None] = lambda state: None,
        *,
        waits: Callable[[str], None] | None = None,
        user: int | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`waits` is told, until there was sound, why there is none; `user`: whose process the
        other one is, None: our own user's.
        """
        self.state: MicrophoneState = "no microphone"
        self.gaps = 0
        """Times that it was lost."""
        self.dropped = 0
        """Frames that never came."""
        self.overflows = 0
        self.is_silent = False
        self._path = path
        self._observe = observe
        self._waits = waits
        self._user = os.geteuid() if user is None else user
        self._clock = clock
        self._closed = threading.Event()
        self._index = 0
        """Of the next frame that we give."""
        self._began: int | None = None
        """What to add to the other side's index to have ours; None: it began anew."""
        self._until = clock()
        self._said = False

    def frames(self) -> Iterator[AudioFrame | Gap]:
        """Give sound until `close`."""
        while not self._closed.is_set():
            connection = self._connect()
            if connection is None:
                self._wait("waiting for `sotto wyoming`")
                self._closed.wait(AGAIN)
                continue
            with connection:
                for packet in _packets(connection, self._closed, self._clock):
                    yield from self._lost() if packet is None else self._frame(packet)
            yield from self._lost()
        self._turn("no microphone")

    def close(self) -> None:
        """End `frames` soon."""
        self._closed.set()

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(str(self._path))
            owner = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            if _CREDENTIALS.unpack(owner)[1] != self._user:
                raise PermissionError
        except OSError:
            connection.close()
            if not self._said:
                self._said = True
                log.warning("no microphone: waiting for `sotto wyoming` at %s", self._path)
            return None
        self._said = False
        return connection

    def _frame(self, packet: bytes) -> Iterator[AudioFrame | Gap]:
        index = INDEX.unpack_from(packet)[0]
        if self._began is None:
            passed = round((self._clock() - self._until) / FRAME_SECONDS) if self._index else 0
            yield from self._skip(max(0, passed - 1))
            self._began = self._index - index
        missed = index + self._began - self._index
        if missed < 0:
            return  # it was given already
        if missed:
            self.dropped += missed
            yield from self._skip(missed)
        self._turn("listening")
        yield AudioFrame(self._index, packet[INDEX.size :])
        self._index += 1
        self._until = self._clock()

    def _wait(self, reason: str) -> None:
        if self._waits is not None and not self._index:
            self._waits(reason)

    def _lost(self) -> Iterator[Gap]:
        self._began = None
        self._wait("the microphone elsewhere gives no sound")
        if self.state == "listening":
            self.gaps += 1
            log.warning("no microphone: the one elsewhere gives no sound; gap %d", self.gaps)
            self._turn("no microphone")
            yield from self._skip(1)
            self._until += FRAME_SECONDS

    def _skip(self, frames: int) -> Iterator[Gap]:
        if frames > 0:
            self._index += frames
            yield Gap(frames * FRAME_SECONDS)

    def _turn(self, state: MicrophoneState) -> None:
        if state != self.state:
            self.state = state
            self._observe(state)


def _packets(
    connection: socket.socket, closed: threading.Event, clock: Callable[[], float]
) -> Iterator[bytes | None]:
    """Packets of the right size until the other side is gone; None after STALLED without one."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    last = clock()
    while not closed.is_set():
        if not poll.poll(_LOOK * 1000):
            if clock() - last > STALLED:
                last = clock()
                yield None
            continue
        try:
            packet = connection.recv(PACKET + 1)
        except OSError:
            return
        if (
            len(packet) != PACKET
            or not 0 <= INDEX.unpack_from(packet)[0] * FRAME_SECONDS < LONGEST_GAP
        ):
            if packet:
                log.error("no microphone: a packet that is no frame; hung up")
            return
        last = clock()
        yield packet
