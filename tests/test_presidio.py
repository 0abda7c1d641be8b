"""Presidio beside ours, without a model, a download or a socket."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from assistant import build
from assistant.errors import RecognitionError, SettingsError
from assistant.private import Private
from assistant.settings import RedactionSettings, Settings
from assistant.types import Transcript
from pipeline.detectors import find_all
from tests.cli import here

INSTALLED = build.presidio() is not None
with_presidio = pytest.mark.skipif(not INSTALLED, reason="the extra `presidio` is not installed")
MAIL = "my e-mail is jane.doe@example.com"

REGISTRY = """
supported_languages: [en, es]
recognizers:
  - name: Zip
    supported_languages: [{language: en, context: [zip, postcode]}]
    supported_entity: ZIP
    patterns: [{name: five digits, regex: '\\b\\d{5}\\b', score: 0.01}]
  - {name: EsNifRecognizer, supported_languages: [es], type: predefined}
  - {name: SottoRecognizer, supported_languages: [en], type: predefined}
"""


def transcript(text: str) -> Transcript:
    return Transcript(0, Private(text), 1.0)


def said(detector: Any, text: str) -> set[tuple[str, str]]:
    return {(f.type, text[f.start : f.end]) for f in detector.find(transcript(text))}


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any socket, and any look-up of a name, is a failure."""

    def refuse(*_arguments: Any, **_options: Any) -> NoReturn:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("offline")
def test_no_detector_opens_a_socket() -> None:
    """An address of the net is what Presidio would fetch a list of suffixes for."""
    detectors = build.detectors(Settings(redaction=RedactionSettings(presidio=INSTALLED)))
    assert find_all(detectors, transcript(f"{MAIL}, my page is www.example.co.uk"))


@pytest.mark.skipif(INSTALLED, reason="the extra `presidio` is installed")
def test_without_presidio_the_setting_says_how_to_get_it(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("redaction: {presidio: true}\n")
    ran = here("--config", path, "parse", "hello")
    assert (ran.status, "sotto-voice[presidio]" in ran.err) == (2, True)


@with_presidio
def test_presidio_finds_what_its_patterns_know() -> None:
    detector = build.presidio()
    assert detector is not None
    assert ("EMAIL_ADDRESS", "jane.doe@example.com") in said(detector, MAIL)
    assert detector.find(transcript("")) == []
    assert "EMAIL_ADDRESS" in detector.types


@with_presidio
def test_a_weak_pattern_counts_only_with_its_word_beside_it() -> None:
    *_, detector = build.detectors(Settings(redaction=RedactionSettings(presidio=True)))
    assert detector.name == "presidio"
    assert ("US_PASSPORT", "533380006") in said(detector, "my passport is 533380006")
    assert not said(detector, "play 533380006")


@with_presidio
def test_a_long_text_is_seen_to_its_end() -> None:
    detector = build.presidio()
    text = "hello there " * 300 + MAIL
    found = {(f.start, f.end) for f in detector.find(transcript(text)) if f.score == 1.0}  # type: ignore[union-attr]
    assert (len(text) - len("jane.doe@example.com"), len(text)) in found


@with_presidio
def test_its_configuration_file_works_with_other_languages_and_our_recognizer(
    tmp_path: Path,
) -> None:
    path = tmp_path / "recognizers.yaml"
    path.write_text(REGISTRY)
    detector = build.presidio(path)
    assert ("ZIP", "90210") in said(detector, "my zip is 90210")
    assert ("ES_NIF", "12345678Z") in said(detector, "mi nif es 12345678Z")
    assert ("CREDIT_CARD", "4111 1111 1111 1111") in said(detector, "it is 4111 1111 1111 1111")


@with_presidio
def test_ours_explains_itself_as_a_recognizer_of_presidio() -> None:
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.recognizer_registry import RecognizerRegistry

    from pipeline.engines.presidio import PlainWords, SottoRecognizer

    registry = RecognizerRegistry(recognizers=[SottoRecognizer()])
    engine = AnalyzerEngine(registry=registry, nlp_engine=PlainWords(["en"]))
    text = "it is 4111 1111 1111 1111"
    (found,) = engine.analyze(text, "en", entities=["CREDIT_CARD"], return_decision_process=True)
    assert text[found.start : found.end] == "4111 1111 1111 1111"
    assert found.analysis_explanation.recognizer == "SottoRecognizer"
    assert found.analysis_explanation.pattern_name
    assert engine.analyze(text, "en", entities=["IP_ADDRESS"]) == []


@with_presidio
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("recognizers: [{name: AzureAILanguageRecognizer, type: predefined}]", "sends text"),
        ("recognizers: [{name: NobodysRecognizer, type: predefined}]", "presidio can't use it"),
        ("recognizers: 5", "expected Presidio's recognizer registry"),
        ("[]", "expected Presidio's recognizer registry"),
        ("recognizers: [", "recognizers.yaml:1"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "recognizers.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"recognizers\.yaml") as caught:
        build.presidio(path)
    assert problem in str(caught.value)


@with_presidio
def test_a_recognizer_that_fails_keeps_the_words_to_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    detector: Any = build.presidio()

    def fail(text: str, *_arguments: Any, **_options: Any) -> NoReturn:
        raise ValueError(text)

    monkeypatch.setattr(detector._engine, "analyze", fail)
    with pytest.raises(RecognitionError) as caught, caplog.at_level(logging.DEBUG):
        detector.find(transcript(MAIL))
    assert "jane" not in str(caught.value)
    assert caught.value.__cause__ is None


@with_presidio
def test_what_presidio_sees_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        said(build.presidio(), "zenobia, my passport is 533380006")
    assert "533380006" not in caplog.text
    assert "zenobia" not in caplog.text
