"""The one place that names concrete engines: it makes an assistant from settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant.events import Decided, Redacted, Replied, Report, Understood
from assistant.private import Private
from assistant.runtime import Assistant, Parts, closed_slots
from assistant.settings import Settings
from assistant.timed import TimedRecognizer
from assistant.types import Confirm, Grant, Transcript
from pipeline.detectors import find_all, make_detectors
from pipeline.endpoint import SpeechEndpointer
from pipeline.engines.webrtc_vad import WebrtcSpeech
from pipeline.intents import IntentParser
from pipeline.listen import Listener, ring_for
from pipeline.ports import Recognizer, Source, Voice, WakeDetector
from pipeline.redact import redact
from pipeline.sentences import SentenceFile, built_in, load_sentences
from pipeline.things import Things, load_things
from plugins.skills import Skills, make_skills
from policies.decide import decide

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mind:
    """What understands: everything behind the recognizer."""

    things: Things
    files: Sequence[SentenceFile]
    parts: Parts


def assistant(
    settings: Settings, *, state: Path, report: Report, wake: bool, speak: bool = False
) -> Assistant:
    """Make an assistant. Without `wake` an utterance begins when it is told to listen.

    Raises ModelError, SentencesError, ThingsError or SettingsError where a part can't be made.
    """
    understanding = mind(settings, voice=voice(settings) if speak else None)
    listener = Listener(
        wake=wake_detector(settings) if wake else None,
        endpointer=SpeechEndpointer(settings.listen, WebrtcSpeech()),
        recognizer=TimedRecognizer(recognizer(settings, understanding, state)),
        ring=ring_for(settings.listen),
    )
    return Assistant(listener, understanding.parts, report)


def mind(settings: Settings, voice: Voice | None = None) -> Mind:
    """Make what understands."""
    things = load_things(settings.home.things)
    skills = make_skills(things, own=load_sentences(settings.home.sentences))
    parts = Parts(
        detectors=make_detectors(settings.redaction),
        parser=IntentParser(skills.files, things, settings.home.area),
        decide=partial(decide, things=things.entities),
        skills=skills,
        voice=voice,
    )
    return Mind(things, skills.files, parts)


def explain(understanding: Mind, number: int, text: str, report: Report) -> None:
    """Report what a text would mean; nothing is done."""
    parts = understanding.parts
    transcript = Transcript(number, Private(text), 1.0)
    redacted, originals = redact(transcript, find_all(parts.detectors, transcript))
    originals.forget()
    report(Redacted(number, redacted.text, redacted.entities, redacted.confidence))
    intent = parts.parser.parse(redacted)
    report(Understood.of(number, intent))
    if intent is not None:
        report(Decided.of(number, parts.decide(intent)))
