"""Tries each part and says in a line what it is, for `sotto check`."""

from __future__ import annotations

from pathlib import Path

from assistant import build
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import FRAME_BYTES, AudioFrame, Utterance
from pipeline.engines.wake import wake_detector
from pipeline.listen import ring_for

KINDS = {
    "secret": "the ring buffer is hidden even from the kernel (memfd_secret)",
    "locked": "the ring buffer is locked in memory and left out of core dumps",
    "unlocked": "note: the ring buffer may be swapped to disk: raise RLIMIT_MEMLOCK (ulimit -l)",
}


def home(settings: Settings) -> str:
    """The house and the sentences."""
    things = build.mind(settings).things
    source = settings.home.things or "the demo house; describe yours with home.things"
    own = len(settings.home.sentences)
    return (
        f"{len(things.entities)} things in {len(things.areas)} areas, "
        f"{own} own sentence file{'' if own == 1 else 's'} ({source})"
    )


def wake(settings: Settings) -> str:
    """The wake words."""
    detector = wake_detector(settings.wake)
    if detector is None:
        return "none: push-to-talk only"
    detector.feed(AudioFrame(0, bytes(FRAME_BYTES)))
    phrases = ", ".join(phrase.phrase for phrase in settings.wake.phrases)
    return f"{phrases} ({settings.wake.engine})"


def recognizer(settings: Settings, state: Path) -> str:
    """The recognizer: load it and let it hear a second of silence."""
    engine = build.recognizer(settings, build.mind(settings), state)
    try:
        decoding = engine.open()
        silence = bytes(2 * 16_000)
        decoding.feed(silence)
        decoding.finish(Utterance(1, 0.0, 1.0, 1.0, "end", Private(silence)))
    finally:
        engine.close()
    return type(engine).__name__.removesuffix("Recognizer").lower()


def memory(settings: Settings) -> str:
    """How private the memory is in which sound is kept."""
    ring = ring_for(settings.listen)
    try:
        return KINDS[ring.kind]
    finally:
        ring.close()
