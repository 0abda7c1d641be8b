"""Presidio beside ours: its recognizers as one of our detectors, ours as one of its recognizers.

No language model is loaded and nothing is fetched: Presidio's engine runs on the plain words of
the text, and the list of public suffixes that its e-mail recognizer would download (`tldextract`)
is the copy that ships with that package. Presidio's log, which may quote the text, is silent.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import tldextract.tldextract
from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerResult,
    RemoteRecognizer,
)
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.recognizer_registry import RecognizerRegistry, RecognizerRegistryProvider
from presidio_analyzer.recognizer_registry.recognizers_loader_utils import RecognizerListLoader

from assistant import strictyaml
from assistant.errors import RecognitionError, SettingsError, outline
from assistant.private import Private
from assistant.settings import RedactionSettings
from assistant.types import Finding, Transcript
from pipeline.detectors import find_all, make_detectors

WINDOW = 500
"""Characters that Presidio sees at once: its work grows faster than the length of the text."""
OVERLAP = 100
"""Characters that two windows share, so that nothing is cut in two."""
_ELSEWHERE = "presidio_analyzer.predefined_recognizers.third_party"
_WORD = re.compile(r"\w+|[^\w\s]")


class PresidioDetector:
    """Finds what Presidio's recognizers find. Keeps `pipeline.ports.Detector`."""

    name = "presidio"
    cost = 2.0

    def __init__(self, configuration: Path | None = None) -> None:
        """Load Presidio's own recognizers, or those of its configuration file.

        The file is a recognizer registry as Presidio's documentation describes it, in any of
        its languages. Raises SettingsError where it can't be used, or where a recognizer would
        send text to a service.
        """
        _keep_at_home()
        registry = _registry(configuration)
        self._languages: tuple[str, ...] = tuple(registry.supported_languages)
        self._engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=PlainWords(self._languages),
            supported_languages=list(self._languages),
        )
        self.types: Collection[str] = tuple(sorted(self._engine.get_supported_entities()))

    def find(self, transcript: Transcript) -> list[Finding]:
        """What the recognizers of all its languages find."""
        text = transcript.text.reveal()
        return [
            finding
            for start in range(0, max(len(text), 1), WINDOW - OVERLAP)
            for language in self._languages
            for finding in self._look(text[start : start + WINDOW], start, language)
        ]

    def _look(self, text: str, start: int, language: str) -> Iterator[Finding]:
        try:
            results = self._engine.analyze(text, language, return_decision_process=True)
        except Exception as error:
            raise RecognitionError(f"presidio failed: {outline(error)}") from None
        for result in results:
            yield Finding(
                start + int(result.start),
                start + int(result.end),
                str(result.entity_type),
                float(result.score),
                self.name,
                _rule(result),
            )


class SottoRecognizer(EntityRecognizer):
    """Our detectors as a recognizer of Presidio's.

    `registry.add_recognizer(SottoRecognizer())`, or in its YAML, once this module is imported:
    `- {name: SottoRecognizer, type: predefined}`.
    """

    def __init__(
        self,
        supported_language: str = "en",
        name: str | None = None,
        supported_entities: Sequence[str] | None = None,
        context: Sequence[str] | None = None,
    ) -> None:
        """Take the arguments that Presidio's loader gives; entities are all types by default."""
        self._detectors = make_detectors(RedactionSettings())
        types = {kind for detector in self._detectors for kind in detector.types}
        self._label = name or "SottoRecognizer"
        super().__init__(
            supported_entities=list(supported_entities or sorted(types)),
            name=self._label,
            supported_language=supported_language,
            context=list(context or ()),
        )

    def load(self) -> None:
        """Everything is loaded when it is made."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """What our detectors find of these entities; artifacts are not needed."""
        transcript = Transcript(0, Private(text), 1.0)
        return [
            self._result(finding)
            for finding in find_all(self._detectors, transcript)
            if finding.type in self.supported_entities
            and (not entities or finding.type in entities)
        ]

    def _result(self, finding: Finding) -> RecognizerResult:
        return RecognizerResult(
            entity_type=finding.type,
            start=finding.start,
            end=finding.end,
            score=finding.score,
            analysis_explanation=AnalysisExplanation(
                recognizer=self._label,
                original_score=finding.score,
                pattern_name=f"{finding.detector} {finding.rule}".rstrip(),
            ),
            recognition_metadata={
                RecognizerResult.RECOGNIZER_NAME_KEY: self._label,
                RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            },
        )


class PlainWords(NlpEngine):
    """Words and where they stand, which is all that Presidio's context words need.

    spaCy's own tokens would stay in its vocabulary for good: everything anybody said.
    """

    engine_name = "plain words"
    is_available = True

    def __init__(self, languages: Iterable[str]) -> None:
        self._languages = list(languages)

    def load(self) -> None:
        """There is nothing to load."""

    def is_loaded(self) -> bool:
        """Whether it can be used: always."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Give the words, with themselves in lower case for lemmas, and no entities."""
        words = list(_WORD.finditer(text))
        return NlpArtifacts(
            entities=[],
            tokens=[match[0] for match in words],  # type: ignore[arg-type]  # read, not parsed
            tokens_indices=[match.start() for match in words],
            lemmas=[match[0].lower() for match in words],
            nlp_engine=self,
            language=language,
        )

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,
        n_process: int = 1,
        **kwargs: object,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Give each text with its words."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        """Whether the word says nothing: no word is taken for one."""
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """Whether the word is a sign between words."""
        return not any(letter.isalnum() for letter in word)

    def get_supported_entities(self) -> list[str]:
        """The entities it finds by itself: none."""
        return []

    def get_supported_languages(self) -> list[str]:
        """The languages of the recognizers."""
        return self._languages


def _keep_at_home() -> None:
    """Let nothing in this process fetch a suffix list or a model, or log what was said."""
    offline = tldextract.tldextract.TLDExtract(cache_dir=None, suffix_list_urls=())
    tldextract.tldextract.TLD_EXTRACTOR = offline
    os.environ["HF_HUB_OFFLINE"] = "1"
    logging.getLogger("presidio-analyzer").disabled = True


def _registry(path: Path | None) -> RecognizerRegistry:
    if path is None:
        return RecognizerRegistryProvider().create_recognizer_registry()
    values = strictyaml.load(path, SettingsError).values
    if isinstance(values, dict) and isinstance(values.get("recognizer_registry"), dict):
        values = values["recognizer_registry"]
    if not isinstance(values, dict) or not isinstance(values.get("recognizers"), list):
        raise SettingsError(f"{path}: expected Presidio's recognizer registry, with 'recognizers:'")
    for recognizer in values["recognizers"]:
        _check_stays(path, recognizer)
    values.setdefault("supported_languages", ["en"])
    values.setdefault("global_regex_flags", re.DOTALL | re.MULTILINE | re.IGNORECASE)
    try:
        provider = RecognizerRegistryProvider(registry_configuration=values)
        return provider.create_recognizer_registry()
    except Exception as error:
        problem = " ".join(str(error).split())[:300]
        raise SettingsError(f"{path}: presidio can't use it: {problem}") from None


def _check_stays(path: Path, recognizer: object) -> None:
    """Refuse a recognizer that sends text away, before it is made."""
    if not isinstance(recognizer, dict) or recognizer.get("type") != "predefined":
        return
    name = str(recognizer.get("class_name") or recognizer.get("name"))
    for kind in RecognizerListLoader.get_all_existing_recognizers():
        sends = kind.__module__.startswith(_ELSEWHERE) or issubclass(kind, RemoteRecognizer)
        if kind.__name__ == name and sends:
            raise SettingsError(f"{path}: {name} sends text to a service; nothing leaves here")


def _rule(result: RecognizerResult) -> str:
    metadata = result.recognition_metadata or {}
    recognizer = metadata.get(RecognizerResult.RECOGNIZER_NAME_KEY, "")
    pattern = getattr(result.analysis_explanation, "pattern_name", None) or ""
    return f"{recognizer} {pattern}".strip()
