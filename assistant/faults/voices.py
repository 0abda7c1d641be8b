"""Faults of the process that speaks Home Assistant's voice protocol."""

from __future__ import annotations

import contextlib
import socket
import time
from random import Random

from assistant.faults.fault import Fault
from assistant.faults.stage import LIMIT, READY, BrokenError, Stage
from plugins.door.mosquitto import free_port

_DESCRIBE = b'{"type": "describe"}\n'


def killed(stage: Stage, dice: Random) -> str:
    """Kill `sotto wyoming` while a peer is connected, and while it starts; ask it again."""
    port = free_port()
    uri = f"tcp://127.0.0.1:{port}"
    serving = stage.program(
        "wyoming", "--service", "intent", "--uri", uri, state=stage.folder / "wyoming"
    )
    serving.start()
    try:
        with _answering(port, READY):
            time.sleep(dice.uniform(0, 0.5))
            serving.kill()
        serving.start()
        time.sleep(dice.uniform(0.1, 2.0))
        serving.kill()
        serving.start()
        began = time.monotonic()
        with _answering(port, LIMIT):
            seconds = time.monotonic() - began
    finally:
        serving.stop()
    stage.mended()
    return f"answered again {seconds:.1f} s after it was started anew"


def _answering(port: int, seconds: float) -> socket.socket:
    """A connection on which it said what it is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            peer = socket.create_connection(("127.0.0.1", port), seconds)
            peer.sendall(_DESCRIBE)
            if b'"info"' in peer.recv(1 << 16):
                return peer
            peer.close()
        time.sleep(0.05)
    raise BrokenError(f"sotto wyoming did not answer within {seconds:.0f} s")


FAULTS = (Fault("wyoming-killed", "kill -9 of sotto wyoming", killed),)
