"""The five questions of `sotto setup`: what can be chosen, and what each choice sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from assistant.commands.setup_talk import Talk
from assistant.errors import MicrophoneError, PolicyError
from assistant.model_catalogue import MODELS, models_directory
from assistant.settings import Settings, WakePhrase
from pipeline.sources.microphone import input_devices
from policies.load import shipped
from policies.model import SHIPPED

Changes: TypeAlias = Mapping[str, Any]
"""Settings by section; a section's keys take the place of those that are there."""
PHRASES = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu", "hey_rhasspy")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer."""

    text: str
    change: Callable[[Talk], Changes]
    """Makes the settings of it, and may ask for more."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question and its answers; the first is taken where nobody says otherwise."""

    text: str
    choices: Sequence[Choice]


def microphone() -> Question:
    """Which microphone: those that are there. Raises MicrophoneError where PyAudio is missing."""
    devices = sorted(input_devices(), key=lambda device: not device.is_default)
    if not devices:
        raise MicrophoneError("no input device was found; plug one in, or start PulseAudio")
    choices = [_fixed("the default, whichever that is", {"microphone": {"device": None}})]
    choices += [
        _fixed(f"{device.name} ({device.rate} Hz)", {"microphone": {"device": device.name}})
        for device in devices
    ]
    return Question("Which microphone?", choices)


def wake() -> Question:
    """Which wake word."""
    choices = [
        _fixed(phrase.replace("_", " "), {"wake": _woken_by(WakePhrase(phrase=phrase))})
        for phrase in PHRASES
    ]
    choices.append(Choice("a word of my own: an openWakeWord .tflite file", _own_word))
    choices.append(_fixed("none: a button, or `sotto listen`", {"wake": {"engine": "none"}}))
    return Question("Which wake word?", choices)


def recognizer(state: Path) -> Question:
    """Which recognizer: the grammar, and the Whisper models that are here."""
    choices = [
        _fixed(
            "grammar: Home Assistant's sentences and your things; small and quick",
            {"recognizer": {"engine": "grammar"}},
        )
    ]
    directory = models_directory(state)
    choices += [
        _fixed(f"Whisper, {name}", {"recognizer": _whisper(directory / name)})
        for name in MODELS
        if (directory / name).is_dir()
    ]
    choices.append(Choice("Whisper, a model in another directory", _whisper_at))
    return Question(
        "What turns speech into text? (`sotto models fetch NAME` gets a Whisper model)",
        choices,
    )


def policy(beside: Path) -> Question:
    """What may be kept and shared. The answer is a file of one's own, to be edited later."""
    return Question(
        f"What may be kept and shared? (`{shipped('family')}` is a commented example)",
        [
            Choice(
                "counts, no words; locks and doors after a spoken yes",
                lambda _talk: _extending("household", beside),
            ),
            Choice(
                "nothing at all; locks and doors are not opened by voice",
                lambda _talk: _extending("strict", beside),
            ),
            Choice("a policy file of my own", _own_policy),
        ],
    )


def changed(settings: Settings, changes: Changes) -> Settings:
    """The settings with some sections changed. Raises pydantic's ValidationError."""
    values = settings.model_dump()
    for section, keys in changes.items():
        values[section] = {**values[section], **keys}
    return Settings.model_validate(values)


def _fixed(text: str, changes: Changes) -> Choice:
    return Choice(text, lambda _talk: changes)


def _woken_by(phrase: WakePhrase) -> Changes:
    return {"engine": "cascade", "phrases": [phrase.model_dump(mode="json", exclude_unset=True)]}


def _own_word(talk: Talk) -> Changes:
    phrase, file = talk.ask("What is the word"), talk.ask("Where is its .tflite file")
    model = str(Path(file).expanduser().absolute())
    phrases = [{"phrase": phrase.replace(" ", "_"), "model": model}]
    return {"wake": {"engine": "openwakeword", "phrases": phrases}}


def _whisper(directory: Path) -> Changes:
    return {"engine": "whisper", "whisper_model": str(directory.absolute())}


def _whisper_at(talk: Talk) -> Changes:
    return {"recognizer": _whisper(Path(talk.ask("Which directory")).expanduser())}


def _own_policy(talk: Talk) -> Changes:
    return {"policies": {"files": [str(Path(talk.ask("Which file")).expanduser().absolute())]}}


def _extending(name: str, beside: Path) -> Changes:
    """A policy file of one's own that begins as a shipped one. Raises PolicyError."""
    path = beside / "policy.yaml"
    if path.exists() and path.read_text(encoding="utf-8") not in map(_beginning, SHIPPED):
        raise PolicyError(f"{path} is there and was edited: choose it as your own, or move it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_beginning(name), encoding="utf-8")
    return {"policies": {"files": [str(path)]}}


def _beginning(name: str) -> str:
    head = "# What may be kept, shared and done; see docs/policies.md and `sotto policy check`."
    return f"{head}\nversion: 1\nextends: {name}\n"
