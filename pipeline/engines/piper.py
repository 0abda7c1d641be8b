"""Speaks through piper, where a voice file for it is there."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

from assistant.errors import VoiceError
from pipeline.engines.speech import Speech

USUAL_SPEED = 160
"""Words a minute of a piper voice left at its own pace, about."""


class PiperVoice(Speech):
    """A piper voice: `model` is its .onnx file, with its .onnx.json beside it.

    piper runs as a program of its own (it is GPL, and its engine would stay in our memory),
    so a reply begins after it has loaded the voice. Raises VoiceError where something is
    missing.
    """

    def __init__(self, model: Path | None, speed: int) -> None:
        """`speed` in words a minute."""
        if model is None:
            raise VoiceError("voice.model names no piper voice; set it to an .onnx file")
        if not model.is_file():
            raise VoiceError(f"{model} is missing: voice.model must be a piper voice (.onnx)")
        if find_spec("piper") is None:
            raise VoiceError("piper is missing: pip install piper-tts")
        rate = _rate(Path(f"{model}.json"))
        pace = f"{USUAL_SPEED / speed:.2f}"
        line = [sys.executable, "-m", "piper", "--model", str(model), "--length-scale", pace]
        super().__init__("piper", [*line, "--output-raw"], lambda pcm: (pcm, rate))


def _rate(description: Path) -> int:
    try:
        rate = json.loads(description.read_bytes())["audio"]["sample_rate"]
    except OSError as problem:
        raise VoiceError(f"{description}: {problem.strerror}; it comes with the voice") from None
    except (ValueError, LookupError, TypeError):
        rate = None
    if not isinstance(rate, int) or not 8_000 <= rate <= 48_000:
        raise VoiceError(f"{description} states no sample rate; get the voice's own file again")
    return rate
