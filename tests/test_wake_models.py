"""Wake-word models of the user's own: what is no model never reaches the library."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.settings import WakePhrase, WakeSettings
from pipeline.engines.openwakeword import built_in
from pipeline.engines.tflite_check import ModelKind, check_model
from pipeline.engines.wake import wake_detector

WHOLE = built_in("okay_nabu").read_bytes()


def damaged(seed: int) -> bytes:
    """A model with a few hundred wrong bytes near its start, where its tables are."""
    choice = random.Random(seed)
    model = bytearray(WHOLE)
    for _ in range(300):
        model[choice.randrange(8, 3_000)] = choice.randrange(256)
    return bytes(model)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tmp_path / "hey_sotto.tflite"


def refusal(path: Path, kind: ModelKind = "openWakeWord") -> str:
    with pytest.raises(ModelError) as problem:
        check_model(path, kind)
    text = str(problem.value)
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a TensorFlow Lite model"),
        (b"version https://git-lfs.github.com/spec/v1\n" * 50, "not a TensorFlow Lite model"),
        (WHOLE[:500], "cut short"),
        (WHOLE[: len(WHOLE) // 2], "damaged"),
        (WHOLE[:8] + bytes(100_000), "damaged"),
        (damaged(1), "damaged"),
        (damaged(2), "damaged"),
    ],
)
def test_a_broken_file_is_refused_and_crashes_nothing(
    content: bytes, said: str, model: Path
) -> None:
    model.write_bytes(content)
    assert said in refusal(model)


def test_a_missing_file_is_refused(model: Path) -> None:
    assert "No such file" in refusal(model)
    assert "directory" in refusal(model.parent)


def test_a_model_for_the_other_engine_is_refused(model: Path) -> None:
    model.write_bytes(WHOLE)
    assert "made for openWakeWord" in refusal(model, "microWakeWord")


def test_a_model_of_something_else_is_refused(model: Path) -> None:
    model.write_bytes(built_in("embedding_model").read_bytes())
    assert "not a wake-word model" in refusal(model)


def test_a_good_model_is_taken(model: Path) -> None:
    model.write_bytes(WHOLE)
    check_model(model, "openWakeWord")


@pytest.mark.parametrize("engine", ["cascade", "openwakeword", "microwakeword"])
def test_every_engine_checks_before_it_loads(engine: str, model: Path) -> None:
    model.write_bytes(damaged(1))
    phrase = WakePhrase(phrase="hey_sotto", model=model)
    settings = WakeSettings.model_validate({"engine": engine, "phrases": [phrase]})
    with pytest.raises(ModelError, match="damaged"):
        wake_detector(settings)
