"""Faults of the microphone."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from random import Random

from assistant.faults.fault import Fault
from assistant.faults.lines import Line, tells
from assistant.faults.stage import LIMIT, BrokenError, Stage

SILENT = 10.5
"""Seconds of nothing but zeros after which the daemon has to say so."""
_CHUNK = bytes(3200)
"""100 ms at 16 kHz."""


def unplugged(stage: Stage, dice: Random) -> str:
    """Take the microphone away for a while."""
    mark = len(stage.core.lines)
    stage.sound.remove_sink()
    stage.sees("no microphone:", mark)
    time.sleep(dice.uniform(0, 2))
    stage.sound.add_sink()
    stage.mended()
    return "said so, and listened again when it was back"


def stalled(stage: Stage, dice: Random) -> str:
    """Let the sound server hang. Seldom PortAudio makes up silence then, which is told as such."""
    mark = len(stage.core.lines)
    stage.sound.freeze()
    try:
        said = stage.core.lines.wait(_is_deaf, mark, LIMIT)
        time.sleep(dice.uniform(0, 3))
    finally:
        stage.sound.thaw()
    stage.mended()
    if said is None:
        raise BrokenError("the daemon does not say that it hears nothing")
    return "said that it hears nothing, and went on"


def _is_deaf(line: Line) -> bool:
    return "no microphone:" in line.text or "gives only zeros" in line.text


def dead(stage: Stage, dice: Random) -> str:
    """End the sound server and start it again."""
    mark = len(stage.core.lines)
    stage.sound.stop()
    try:
        stage.sees("no microphone:", mark)
        time.sleep(dice.uniform(0, 1))
    finally:
        stage.sound.start()
    stage.mended()
    return "said so, and found the new one"


def silent(stage: Stage, _dice: Random) -> str:
    """Mute it: it gives sound that is zero to the last bit."""
    stage.say()
    mark = len(stage.core.lines)
    stage.sound.mute(on=True)
    try:
        stage.say()
        heard = stage.core.lines.wait(tells('"wake"'), mark, 0.5)
        said = stage.core.lines.wait(tells("gives only zeros"), mark, SILENT)
    finally:
        stage.sound.mute(on=False)
    stage.mended()
    if heard is not None:
        raise BrokenError("a muted microphone was heard")
    if said is None:
        raise BrokenError("the daemon does not say that the microphone is silent")
    return "heard nothing, and said that there are only zeros"


def wrong_rate(stage: Stage, dice: Random) -> str:
    """Let it give samples faster than it says."""
    pace = dice.choice((1.6, 2.0))
    pipe = stage.folder / "pipe"
    mark = len(stage.core.lines)
    stage.sound.use_pipe(pipe)
    stop = threading.Event()
    feeding = threading.Thread(target=_feed, args=(pipe, pace, stop), daemon=True)
    feeding.start()
    try:
        stage.sees("does not keep", mark)
    finally:
        stop.set()
        stage.sound.use_sink()
        feeding.join()
    stage.mended()
    return f"noticed {pace:g} times its rate, and opened it again"


def _feed(pipe: Path, pace: float, stop: threading.Event) -> None:
    file = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    began, written = time.monotonic(), 0
    try:
        while not stop.wait(0.02):
            while written < (time.monotonic() - began) * pace * 10:
                try:
                    os.write(file, _CHUNK)
                except BlockingIOError:
                    break
                except OSError:
                    return  # the source is gone
                written += 1
    finally:
        os.close(file)


FAULTS = (
    Fault("microphone-unplugged", "microphone unplugged", unplugged),
    Fault("microphone-stalled", "microphone stalled", stalled),
    Fault("sound-server-dead", "sound server killed", dead),
    Fault("microphone-silent", "microphone muted", silent),
    Fault("microphone-rate", "microphone at a wrong rate", wrong_rate),
)
