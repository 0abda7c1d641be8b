"""The one place that names concrete engines: it makes an assistant from settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from assistant import memory
from assistant.acting import decided
from assistant.agreed import Agreed
from assistant.agreement import Agreement
from assistant.agreement import agreement as agreement  # noqa: PLC0414  # commands find it here
from assistant.away import Away, away
from assistant.beside import Beside
from assistant.diary import Diary
from assistant.errors import AssistantError, ModelError
from assistant.events import Redacted, Report
from assistant.finders import Finders
from assistant.finders import detectors as detectors  # noqa: PLC0414  # commands find it here
from assistant.finders import presidio as presidio  # noqa: PLC0414  # the same
from assistant.following import household
from assistant.household import Household, names_of
from assistant.microphones import microphone as microphone  # noqa: PLC0414  # the same
from assistant.observe.meter import Meter
from assistant.opening import Opening
from assistant.parts import Parts
from assistant.private import Private
from assistant.remembered import Remembered, StateShelf
from assistant.runtime import Assistant, understood
from assistant.settings import Settings
from assistant.timed import TimedRecognizer
from assistant.types import Transcript
from assistant.way_out import CloudFirst, way_out
from pipeline.apart import ApartRecognizer
from pipeline.endpoint import SpeechEndpointer
from pipeline.engines.espeak import EspeakVoice
from pipeline.engines.silero_vad import SileroSpeech
from pipeline.engines.speech import Speech
from pipeline.engines.wake import wake_detector
from pipeline.engines.webrtc_vad import WebrtcSpeech
from pipeline.intents import IntentParser
from pipeline.listen import Listener, ring_for
from pipeline.ports import Recognizer, Voice
from pipeline.reading_needs import Needs
from pipeline.redactor import redact_utterance
from pipeline.sentences import SentenceFile, built_in, load_sentences
from pipeline.several import Several
from pipeline.things import Things
from plugins.builtin import make_host
from plugins.catalogue import Catalogue, catalogue
from plugins.outside import Unless, confined
from plugins.powers import Powers
from plugins.sandbox.proxy import no_network
from plugins.sandbox.supervisor import Supervisor
from policies.load import Policies

log = logging.getLogger(__name__)


HomeOf: TypeAlias = Callable[
    [Sequence[SentenceFile]], tuple[Household, Sequence[AbstractAsyncContextManager[object]]]
]
"""Gives the house in which sentences are said, and what follows it beside us."""


@dataclass(frozen=True, slots=True)
class Mind:
    """What understands: everything behind the recognizer."""

    household: Household
    parts: Parts

    @property
    def things(self) -> Things:
        """What is in the house now."""
        return self.household.things

    @property
    def files(self) -> Sequence[SentenceFile]:
        """The sentences that are understood now."""
        return self.household.files


def assistant(
    settings: Settings,
    *,
    state: Path,
    report: Report,
    wake: bool,
    speak: bool = False,
    under: Agreement | None = None,
    meter: Meter | None = None,
) -> Assistant:
    """Make an assistant. Without `wake` an utterance begins when it is told to listen.

    `under` is what was agreed; without it the settings' policy decides, and nothing is kept.
    Raises ModelError, SentencesError, ThingsError or SettingsError where a part can't be made.
    """
    understanding = mind(settings, voice(settings) if speak else None, under, report, live=speak)
    elsewhere = away(settings, under, state) if speak and under is not None else None
    listener = ear(
        settings, understanding, state, wake=wake, live=speak, elsewhere=elsewhere, meter=meter
    )
    memory.settle()
    parts = understanding.parts
    return Assistant(listener, parts if elsewhere is None else elsewhere.parts(parts), report)


def ear(
    settings: Settings,
    understanding: Mind,
    state: Path,
    *,
    wake: bool,
    live: bool = False,
    elsewhere: Away | None = None,
    meter: Meter | None = None,
) -> Listener:
    """Make what hears; `live`: sound that does not wait, so a slow recognizer must not hold it up.

    Raises ModelError or SettingsError where a part can't be made.
    """
    detector = wake_detector(settings.wake) if wake else None
    engine = recognizer(settings, understanding, state)
    heard = ApartRecognizer(engine) if live else TimedRecognizer(engine)
    return Listener(
        wake=detector if meter is None or detector is None else meter.scored(detector),
        endpointer=SpeechEndpointer(settings.listen, WebrtcSpeech(), SileroSpeech()),
        recognizer=heard if elsewhere is None else elsewhere.recognizer(heard),
        ring=ring_for(settings.listen),
    )


def recognizer(settings: Settings, understanding: Mind, state: Path) -> Recognizer:
    """Make the recognizer that the settings ask for; `auto` is Whisper where a model is set."""
    wanted, home = settings.recognizer, understanding.household
    phrases = tuple(phrase.phrase for phrase in settings.wake.phrases)
    if wanted.engine == "whisper" or (wanted.engine == "auto" and wanted.whisper_model):
        if wanted.whisper_model is None:
            raise ModelError(
                "the recognizer is whisper, but no model is named: set recognizer.whisper_model, "
                "or --whisper-model DIR (`sotto models` fetches one)"
            )
        from pipeline.engines.whisper import WhisperRecognizer  # noqa: PLC0415  # a large library

        names = names_of(home.things)
        heard = WhisperRecognizer(wanted.whisper_model, names, wake_phrases=phrases)
        home.hears = lambda talk: partial(heard.expect, names_of(talk.things))
        return heard
    from pipeline.engines import sphinx  # noqa: PLC0415  # not used with whisper

    cache = state / "cache"
    engine = sphinx.sphinx_recognizer(home.files, home.things, phrases, wanted.rejection, cache)
    home.hears = lambda talk: partial(
        engine.use, sphinx.grammar_of(talk.files, talk.things, phrases, cache)
    )
    return engine


def voice(settings: Settings) -> Voice | None:
    """Make the voice, or None where replies are not spoken; what is missing is said once."""
    wanted = settings.voice
    if wanted.engine == "none":
        return None
    try:
        if wanted.engine == "piper":
            from pipeline.engines.piper import PiperVoice  # noqa: PLC0415  # a large library

            return PiperVoice(wanted.model, wanted.speed)
        return EspeakVoice(wanted.speed)
    except AssistantError as error:
        log.warning("replies are printed, not spoken: %s", error)
        return None


def installed(settings: Settings) -> Catalogue:
    """The skills that are installed; what is broken, or claimed twice, is said and left out."""
    found = catalogue(settings.skills.directory, make_host(Things(), built_in()).taken)
    for line in (*found.problems, *found.clashes):
        log.warning("skills: %s", line)
    return found


def powers(under: Agreement, voice: Voice | None, diary: Diary | None) -> Powers:
    """What the built-in skills may do beyond answering."""
    loudness = voice if isinstance(voice, Speech) else None
    if under.store is None:
        return Powers(ear=under.pause, loudness=loudness)
    memory = Remembered(under.agreed, under.store)
    return Powers(
        diary=diary,
        ear=under.pause,
        loudness=loudness,
        alarms=StateShelf(memory, "timer", "alarms"),
        timers=StateShelf(memory, "timer", "timers"),
        lists=memory,
    )


def mind(
    settings: Settings,
    voice: Voice | None = None,
    under: Agreement | None = None,
    report: Report = lambda _event: None,
    *,
    live: bool = False,
    home_of: HomeOf | None = None,
) -> Mind:
    """Make what understands; without `under` the settings' policy decides and keeps nothing.

    `live`: for a microphone, so nothing that has a network may be in this process. `home_of`
    knows the house for the sentences; None: that of the settings.
    """
    under = under or Agreement(Agreed(Policies(settings.policies.files)))
    agreed, store = under.agreed, under.store
    diary = None
    if store is not None and under.keeper is not None:
        diary = Diary(store, under.keeper.recent)
    found = installed(settings)
    files = (*built_in(), *load_sentences(settings.home.sentences), *found.files)
    home_of = home_of or partial(household, settings, under.state, live=live)
    home, following = home_of(files)
    things = home.things
    outside = None
    if found.answers and under.state is not None:
        outside = Supervisor(
            confined(found.skills, under.state), no_network, agreed.policy.sandbox.accepted
        )
    comes_later = settings.home_assistant.url is not None
    parser = IntentParser(files, things, settings.home.area, comes_later=comes_later)
    home.tell(lambda talk: parser.prepare(talk.things, talk.files))
    several = Several(parser)
    leaving = way_out(settings, under, found.cloud, report, live=live)
    host = make_host(
        things,
        files,
        powers=powers(under, voice, diary),
        outside=outside,
        answers=found.answers,
        house=home.house,
    )
    home.tell(lambda talk: host.prepare(talk.files))
    parts = Parts(
        detectors=Finders(settings, lambda: agreed.policy, home),
        parser=parser,
        needs=Needs(several),
        several=several.parse,
        decide=lambda intent: agreed.act(intent, home.possible(intent)),
        skills=CloudFirst(leaving.cloud, host) if found.cloud else host,
        hush=host.hush,
        wake_phrases=tuple(phrase.phrase for phrase in settings.wake.phrases),
        opens=Opening((one.skill for one in found.skills), found.answers, agreed, store),
        diary=diary,
        voice=voice,
        keep=under.keeper.keep if under.keeper is not None else None,
        is_stopped=under.is_stopped,
        confirming=under.confirming,
        release=leaving.grant,
        outside=Beside(outside and Unless(outside), leaving.releasing, *following),
        steady=home.steady,
    )
    return Mind(home, parts)


def explain(understanding: Mind, number: int, text: str, report: Report) -> None:
    """Report what a text would mean; nothing is done."""
    parts = understanding.parts
    transcript = Transcript(number, Private(text), 1.0)
    redacted, originals = redact_utterance(parts.detectors(), transcript, needs=parts.needs)
    originals.forget()
    report(Redacted(number, redacted.text, redacted.entities, redacted.confidence))
    intent = parts.parser.parse(redacted)
    report(understood(number, intent))
    if intent is not None:
        report(decided(intent, parts.decide(intent)))
