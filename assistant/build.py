"""The one place that names concrete engines: it makes an assistant from settings."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant import memory
from assistant.agreed import Agreed, Remembered, StateShelf, keeps_speech
from assistant.errors import AssistantError, ModelError, SettingsError
from assistant.events import Redacted, Report
from assistant.keeping import Keeper
from assistant.parts import Parts
from assistant.private import Private
from assistant.runtime import Assistant, decided, understood
from assistant.settings import Settings
from assistant.timed import TimedRecognizer
from assistant.types import Transcript
from pipeline.detectors import make_detectors
from pipeline.detectors.chosen import choose
from pipeline.detectors.context import literal_words
from pipeline.endpoint import SpeechEndpointer
from pipeline.engines.espeak import EspeakVoice
from pipeline.engines.silero_vad import SileroSpeech
from pipeline.engines.speech import Speech
from pipeline.engines.wake import wake_detector
from pipeline.engines.webrtc_vad import WebrtcSpeech
from pipeline.intents import IntentParser
from pipeline.listen import Listener, ring_for
from pipeline.ports import Detector, Recognizer, Voice
from pipeline.reading_needs import Needs
from pipeline.redactor import redact_utterance
from pipeline.sentences import SentenceFile, built_in, load_sentences, spoken_templates
from pipeline.sources.microphone import Microphone
from pipeline.things import Things, load_things
from plugins.builtin import make_host
from plugins.catalogue import Catalogue, catalogue
from plugins.outside import confined
from plugins.powers import Powers
from plugins.sandbox.proxy import no_network
from plugins.sandbox.supervisor import Supervisor
from policies.load import Policies
from policies.model import Policy
from storage.store import Store, open_store

log = logging.getLogger(__name__)

PRESIDIO_LEAST = 0.3
"""Patterns of Presidio's that score less stand for any digits, unless their words are near."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed, and the store in which what may be kept is."""

    agreed: Agreed
    state: Path | None = None
    store: Store | None = None
    keeper: Keeper | None = None


@contextlib.contextmanager
def agreement(settings: Settings, state: Path, *, always: bool) -> Iterator[Agreement]:
    """Read the policy, and open the store: `always`, or where it keeps something of utterances.

    Raises StateError, KeyslotError, VaultError or AuditError where the store can't be used.
    """
    policies = Policies(settings.policies.files)
    if not (always or keeps_speech(policies.policy)):
        yield Agreement(Agreed(policies, state, location=settings.home.area), state)
        return
    with open_store(state, os.environ) as store:
        agreed = Agreed(policies, state, store=store, location=settings.home.area)
        keeper = Keeper(agreed, store)
        try:
            yield Agreement(agreed, state, store, keeper)
        finally:
            keeper.close()


@dataclass(frozen=True, slots=True)
class Mind:
    """What understands: everything behind the recognizer."""

    things: Things
    files: Sequence[SentenceFile]
    parts: Parts


def assistant(
    settings: Settings,
    *,
    state: Path,
    report: Report,
    wake: bool,
    speak: bool = False,
    under: Agreement | None = None,
) -> Assistant:
    """Make an assistant. Without `wake` an utterance begins when it is told to listen.

    `under` is what was agreed; without it the settings' policy decides, and nothing is kept.
    Raises ModelError, SentencesError, ThingsError or SettingsError where a part can't be made.
    """
    understanding = mind(settings, voice(settings) if speak else None, under)
    listener = ear(settings, understanding, state, wake=wake)
    memory.settle()
    return Assistant(listener, understanding.parts, report)


def ear(settings: Settings, understanding: Mind, state: Path, *, wake: bool) -> Listener:
    """Make what hears. Raises ModelError or SettingsError where a part can't be made."""
    return Listener(
        wake=wake_detector(settings.wake) if wake else None,
        endpointer=SpeechEndpointer(settings.listen, WebrtcSpeech(), SileroSpeech()),
        recognizer=TimedRecognizer(recognizer(settings, understanding, state)),
        ring=ring_for(settings.listen),
    )


def recognizer(settings: Settings, understanding: Mind, state: Path) -> Recognizer:
    """Make the recognizer that the settings ask for; `auto` is Whisper where a model is set."""
    wanted = settings.recognizer
    phrases = tuple(phrase.phrase for phrase in settings.wake.phrases)
    if wanted.engine == "whisper" or (wanted.engine == "auto" and wanted.whisper_model):
        if wanted.whisper_model is None:
            raise ModelError(
                "the recognizer is whisper, but no model is named: set recognizer.whisper_model, "
                "or --whisper-model DIR (`sotto models` fetches one)"
            )
        from pipeline.engines.whisper import WhisperRecognizer  # noqa: PLC0415  # a large library

        lists = understanding.things.lists()
        names = [value.text for kind in ("name", "area", "floor") for value in lists[kind]]
        return WhisperRecognizer(wanted.whisper_model, names, wake_phrases=phrases)
    from pipeline.engines.sphinx import sphinx_recognizer  # noqa: PLC0415  # not used with whisper

    return sphinx_recognizer(
        understanding.files, understanding.things, phrases, wanted.rejection, state / "cache"
    )


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


def microphone(settings: Settings) -> Microphone:
    """The microphone that the settings name."""
    return Microphone(settings.microphone.device)


def detectors(
    settings: Settings, things: Things | None = None, files: Sequence[SentenceFile] = ()
) -> tuple[Detector, ...]:
    """Make what finds private things; the names and words that commands need are none.

    Raises ModelError or SettingsError where it can't be made.
    """
    lists = things.lists() if things is not None else {}
    names = [value.text for kind in ("name", "area", "floor") for value in lists.get(kind, ())]
    own = make_detectors(settings.redaction, names, literal_words(spoken_templates(files)))
    configuration = settings.redaction.presidio
    if configuration is False:
        return own
    found = presidio(None if configuration is True else configuration)
    if found is None:
        raise SettingsError(
            "redaction.presidio is set, but Presidio is not installed: "
            "`pip install sotto-voice[presidio]`"
        )
    return (*own, *choose((found,), threshold=PRESIDIO_LEAST))


def installed(settings: Settings, things: Things) -> Catalogue:
    """The skills that are installed; what is broken, or claimed twice, is said and left out."""
    found = catalogue(settings.skills.directory, make_host(things, built_in()).taken)
    for line in (*found.problems, *found.clashes):
        log.warning("skills: %s", line)
    return found


def powers(agreed: Agreed, store: Store | None, voice: Voice | None) -> Powers:
    """What the built-in skills may do beyond answering."""
    loudness = voice if isinstance(voice, Speech) else None
    if store is None:
        return Powers(loudness=loudness)
    memory = Remembered(agreed, store)
    return Powers(
        loudness=loudness,
        alarms=StateShelf(memory, "timer", "alarms"),
        timers=StateShelf(memory, "timer", "timers"),
        lists=memory,
    )


def policy_detectors(
    settings: Settings, policy: Policy, things: Things, files: Sequence[SentenceFile]
) -> tuple[Detector, ...]:
    """The same, with the words of the household and the types that the policy names."""
    words = {
        kind: (*settings.redaction.words.get(kind, ()), *policy.redaction.words.get(kind, ()))
        for kind in settings.redaction.words.keys() | policy.redaction.words.keys()
    }
    redaction = settings.redaction.model_copy(update={"words": words})
    made = detectors(settings.model_copy(update={"redaction": redaction}), things, files)
    types = policy.redaction.types
    return made if types == "all" else choose(made, set(types))


def presidio(configuration: Path | None = None) -> Detector | None:
    """Presidio's own recognizers, or those of its configuration file; None if not installed."""
    if importlib.util.find_spec("presidio_analyzer") is None:
        return None
    from pipeline.engines.presidio import PresidioDetector  # noqa: PLC0415  # a large library

    return PresidioDetector(configuration)


def mind(settings: Settings, voice: Voice | None = None, under: Agreement | None = None) -> Mind:
    """Make what understands; without `under` the settings' policy decides and keeps nothing."""
    under = under or Agreement(Agreed(Policies(settings.policies.files)))
    agreed, store = under.agreed, under.store
    things = load_things(settings.home.things)
    found = installed(settings, things)
    files = (*built_in(), *load_sentences(settings.home.sentences), *found.files)
    outside = None
    if found.answers and under.state is not None:
        outside = Supervisor(confined(found.skills, under.state), no_network)
    parser = IntentParser(files, things, settings.home.area)
    parts = Parts(
        detectors=policy_detectors(settings, agreed.policy, things, files),
        parser=parser,
        needs=Needs(parser),
        decide=partial(agreed.act, things=things.entities),
        skills=make_host(
            things,
            files,
            powers=powers(agreed, store, voice),
            outside=outside,
            answers=found.answers,
        ),
        voice=voice,
        keep=under.keeper.keep if under.keeper is not None else None,
        is_stopped=agreed.is_stopped,
        outside=contextlib.nullcontext() if outside is None else outside,
    )
    return Mind(things, files, parts)


def explain(understanding: Mind, number: int, text: str, report: Report) -> None:
    """Report what a text would mean; nothing is done."""
    parts = understanding.parts
    transcript = Transcript(number, Private(text), 1.0)
    redacted, originals = redact_utterance(parts.detectors, transcript, needs=parts.needs)
    originals.forget()
    report(Redacted(number, redacted.text, redacted.entities, redacted.confidence))
    intent = parts.parser.parse(redacted)
    report(understood(number, intent))
    if intent is not None:
        report(decided(intent, parts.decide(intent)))
