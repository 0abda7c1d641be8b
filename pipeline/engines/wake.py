"""Makes the wake-word detector that the settings ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.errors import ModelError, SettingsError
from assistant.settings import WakePhrase, WakeSettings
from pipeline.engines import microwakeword, openwakeword
from pipeline.engines.microwakeword import MicroWakeWordScorer
from pipeline.engines.openwakeword import OpenWakeWordScorer
from pipeline.engines.tflite_check import ModelKind, check_model
from pipeline.engines.webrtc_vad import WebrtcSpeech
from pipeline.wake import Phrase, Scorer, WakeCascade, WakeWatch
from pipeline.wake_gate import SpeechGate

CASCADE_THRESHOLD = 0.4
"""Between real people's "alexa" (all but 1-2 % above 0.4, even in kitchen noise at 10 dB) and
their other words (all below 0.06, in that noise all but 1 in 500 below 0.4)."""
CASCADE_GATE = 0.04
"""Opens in 1-2 % of frames of talk or clatter, so it may be far below a score that wakes."""
SPEECH_GATE = 0.5
OPENWAKEWORD_THRESHOLD = 0.5
"""What openWakeWord's author publishes its figures for."""
MICROWAKEWORD_THRESHOLD = 0.9
"""For a model of the user's own; each of the author's comes with one."""


def wake_detector(settings: WakeSettings) -> WakeCascade | WakeWatch | None:
    """Make the detector, or None for `engine: none`.

    Raises ModelError for a phrase without a model and for a file that is no model of the
    right kind, SettingsError for phrases that can't be told apart.
    """
    if settings.engine == "none":
        return None
    _check_names(settings.phrases)
    match settings.engine:
        case "cascade":
            return _cascade(settings.phrases)
        case "openwakeword":
            scorer: Scorer = OpenWakeWordScorer(_openwakeword_models(settings.phrases))
            thresholds = dict.fromkeys(_names(settings.phrases), OPENWAKEWORD_THRESHOLD)
        case "microwakeword":
            scorer = MicroWakeWordScorer(_microwakeword_models(settings.phrases))
            thresholds = {phrase.phrase: _published(phrase) for phrase in settings.phrases}
    return WakeWatch(
        scorer,
        [
            Phrase(
                name=phrase.phrase,
                threshold=phrase.threshold or thresholds[phrase.phrase],
                refractory=phrase.refractory,
            )
            for phrase in settings.phrases
        ],
    )


def _cascade(wanted: Sequence[WakePhrase]) -> WakeCascade:
    """Gate each phrase with its microWakeWord model, or with speech where it has none."""
    accurate = OpenWakeWordScorer(_openwakeword_models(wanted))
    cheap = [phrase.phrase for phrase in wanted if _has_cheap_model(phrase)]
    others = [phrase.phrase for phrase in wanted if not _has_cheap_model(phrase)]
    gates: list[Scorer] = []
    if cheap:
        gates.append(MicroWakeWordScorer(dict.fromkeys(cheap)))
    if others:
        gates.append(SpeechGate(WebrtcSpeech(), others))
    return WakeCascade(gates, accurate, [_cascaded(phrase) for phrase in wanted])


def _cascaded(phrase: WakePhrase) -> Phrase:
    fused = _has_cheap_model(phrase)
    return Phrase(
        name=phrase.phrase,
        threshold=phrase.threshold or (CASCADE_THRESHOLD if fused else OPENWAKEWORD_THRESHOLD),
        gate=(phrase.gate or CASCADE_GATE) if fused else SPEECH_GATE,
        fused=fused,
        refractory=phrase.refractory,
    )


def _has_cheap_model(phrase: WakePhrase) -> bool:
    return phrase.model is None and phrase.phrase in microwakeword.BUILT_IN


def _openwakeword_models(phrases: Sequence[WakePhrase]) -> Mapping[str, Path]:
    models = {}
    for phrase in phrases:
        own = _own_model(phrase, "openWakeWord", openwakeword.BUILT_IN)
        models[phrase.phrase] = own or openwakeword.built_in(phrase.phrase)
    return models


def _microwakeword_models(phrases: Sequence[WakePhrase]) -> Mapping[str, Path | None]:
    return {
        phrase.phrase: _own_model(phrase, "microWakeWord", microwakeword.BUILT_IN)
        for phrase in phrases
    }


def _own_model(phrase: WakePhrase, kind: ModelKind, built_in: Sequence[str]) -> Path | None:
    """The user's own file, checked; None where the phrase's model comes with the library."""
    if phrase.model is not None:
        check_model(phrase.model, kind)
    elif phrase.phrase not in built_in:
        raise ModelError(
            f"wake.phrases: {kind} comes with no model for {phrase.phrase!r}, only for "
            f"{', '.join(built_in)}: set `model` to a .tflite file of your own"
        )
    return phrase.model


def _published(phrase: WakePhrase) -> float:
    if phrase.model is not None:
        return MICROWAKEWORD_THRESHOLD
    return microwakeword.published_threshold(phrase.phrase)


def _names(phrases: Sequence[WakePhrase]) -> list[str]:
    return [phrase.phrase for phrase in phrases]


def _check_names(phrases: Sequence[WakePhrase]) -> None:
    names = _names(phrases)
    if not names:
        raise SettingsError("wake.phrases: there is none; name one, or set wake.engine: none")
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"wake.phrases: {name!r} is there {names.count(name)} times")
