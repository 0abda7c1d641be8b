"""The settings file: every key documented, every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import settings_file
from assistant.errors import SettingsError
from assistant.settings import Settings

EXAMPLE = Path(__file__).parent.parent / "examples" / "settings.yaml"


def load(folder: Path, text: str) -> Settings:
    path = folder / "settings.yaml"
    path.write_text(text)
    return settings_file.load(path)


def test_the_example_is_what_the_model_says() -> None:
    assert EXAMPLE.read_text() == settings_file.example(), "run `make settings`"


def test_the_example_holds_every_default() -> None:
    assert settings_file.load(EXAMPLE) == Settings()


def test_no_file_is_all_defaults() -> None:
    assert settings_file.load(None) == Settings()


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing yet\n") == Settings()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("wak: 1", ":1: wak: there is no such key; the keys here are language, wake"),
        ("wake:\n  engine: loud", ":2: wake.engine: expected 'cascade'"),
        (
            "wake:\n  phrases:\n    - phrase: alexa\n      treshold: 0.5",
            ":4: wake.phrases.0.treshold: there is no such key; the keys here are phrase",
        ),
        ("listen:\n\n  longest: soon", ":3: listen.longest: input should be a valid number"),
        ("listen:\n  longest: -1", ":2: listen.longest: "),
        ("- a", ":1: expected keys"),
        ("just words", ":1: expected keys"),
        ("microphone:\n  device: [1]", ":2: microphone.device: "),
        ("language: xx", ":1: language: expected 'en'"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, text)
    assert complaint in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_wrong_value_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, "redaction:\n  words: {PERSON: canaryname}")
    assert "canaryname" not in str(raised.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: No such file"):
        settings_file.load(tmp_path / "nowhere.yaml")


def test_paths_are_relative_to_the_settings_file(tmp_path: Path) -> None:
    settings = load(tmp_path, "home:\n  things: house.yaml\n  sentences: [a.yaml, /b.yaml]")
    assert settings.home.things == tmp_path / "house.yaml"
    assert settings.home.sentences == (tmp_path / "a.yaml", Path("/b.yaml"))


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().language = "en"  # type: ignore[misc]
