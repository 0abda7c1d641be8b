"""Tries each part and says in a line what it is, for `sotto check`."""

from __future__ import annotations

from pathlib import Path

from assistant import build
from assistant.agreed import Agreed
from assistant.following import household
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import FRAME_BYTES, AudioFrame, Refusal, Utterance
from pipeline.engines.wake import wake_detector
from pipeline.listen import ring_for
from policies.decide import why
from policies.load import Policies

KINDS = {
    "secret": "the ring buffer is hidden even from the kernel (memfd_secret)",
    "locked": "the ring buffer is locked in memory and left out of core dumps",
    "unlocked": "note: the ring buffer may be swapped to disk: raise RLIMIT_MEMLOCK (ulimit -l)",
}


def home(settings: Settings, state: Path) -> str:
    """The house and the sentences."""
    things = build.mind(settings).things
    source = str(settings.home.things or "the demo house; describe yours with home.things")
    if settings.home_assistant.url is not None:
        things = household(settings, state, live=False)[0].things
        source = "Home Assistant's, as it was last seen"
    own = len(settings.home.sentences)
    return (
        f"{len(things.entities)} things in {len(things.areas)} areas, "
        f"{own} own sentence file{'' if own == 1 else 's'} ({source})"
    )


def home_assistant(settings: Settings) -> str:
    """Whether Home Assistant lets us in; a note where it does not: Sotto runs without it."""
    from plugins.home_assistant.alarms import LostError  # noqa: PLC0415  # a network library
    from plugins.home_assistant.trial import trial  # noqa: PLC0415  # the same

    try:
        return trial(settings.home_assistant)
    except LostError as lost:
        return f"note: {lost}"


def speaks_wyoming(settings: Settings) -> bool:
    """Whether `sotto wyoming` has anything to open."""
    ours = settings.wyoming
    return any((ours.asr, ours.wake, ours.intent, ours.satellite, ours.microphone))


def wyoming(settings: Settings, state: Path) -> str:
    """What `sotto wyoming` opens; a note where its satellite gets no sound."""
    from plugins.wyoming.make import plan  # noqa: PLC0415  # a network library

    opened = plan(settings.wyoming)
    lines = [f"{kind} at {address}" for kind, address in opened.services.items()]
    lines += [f"a microphone at {opened.microphone}"] if opened.microphone is not None else []
    text = f"`sotto wyoming`: {', '.join(lines)}"
    if "satellite" not in opened.services:
        return text
    if settings.wyoming.satellite_for is None:
        return f"note: {text}; the satellite is for nobody: set wyoming.satellite_for"
    agreed = Agreed(Policies(settings.policies.files), state, location=settings.home.area)
    decision = agreed.release_audio(settings.wyoming.destination)
    if isinstance(decision, Refusal):
        return f"note: {text}; no sound goes out of the satellite: {why(decision)}"
    return text


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
