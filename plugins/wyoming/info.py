"""What our services say of themselves, so that every version of the protocol can read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

_KINDS = ("asr", "tts", "handle", "intent", "wake", "mic", "snd")
_LANGUAGES = ["en"]
_SOTTO = {"name": "Sotto", "url": "https://pypi.org/project/sotto-voice/"}


def asr_info(program: str) -> Mapping[str, Any]:
    """Speech to text."""
    model = _named("sotto-en", "What this home can be told, heard on this device", languages=True)
    about = _named(program, "Speech to text that redacts", models=[model])
    return _info(asr=[{**about, "supports_transcript_streaming": False}])


def wake_info(program: str, phrases: Sequence[str]) -> Mapping[str, Any]:
    """Wake words."""
    return _info(wake=[_wake_program(program, phrases)])


def intent_info(program: str) -> Mapping[str, Any]:
    """Text to intent."""
    model = _named("sotto-intents-en", "Sentences of Home Assistant and of skills", languages=True)
    return _info(intent=[_named(program, "Text to intent", models=[model])])


def satellite_info(
    program: str, area: str | None, phrases: Sequence[str], *, released: bool
) -> Mapping[str, Any]:
    """A satellite that wakes by itself; it is not there where the policy does not let sound out."""
    if not released:
        return _info()
    satellite = {
        **_named(program, "A microphone that speaks when it is spoken to"),
        "area": area,
        "has_vad": False,
        "active_wake_words": list(phrases),
        "max_active_wake_words": len(phrases),
        "supports_trigger": False,
    }
    return {**_info(wake=[_wake_program(program, phrases)]), "satellite": satellite}


def _wake_program(program: str, phrases: Sequence[str]) -> dict[str, Any]:
    models = [
        {**_named(name, "A wake word", languages=True), "phrase": name.replace("_", " ")}
        for name in phrases
    ]
    return _named(program, "Wake words", models=models)


def _named(
    name: str,
    description: str,
    *,
    languages: bool = False,
    models: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": name,
        "description": description,
        "attribution": _SOTTO,
        "installed": True,
        "version": version("sotto-voice"),
    }
    if languages:
        about["languages"] = _LANGUAGES
    if models is not None:
        about["models"] = list(models)
    return about


def _info(**programs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {kind: list(programs.get(kind, ())) for kind in _KINDS}
