"""Makes what finds private things, for these settings, the policy in force and this house."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assistant.errors import SettingsError
from assistant.household import Household, Talk, names_of
from assistant.settings import Settings
from pipeline.detectors import make_detectors
from pipeline.detectors.chosen import choose
from pipeline.detectors.context import literal_words
from pipeline.detectors.household import HouseholdWords
from pipeline.detectors.names import Names
from pipeline.ports import Detector
from pipeline.sentences import SentenceFile, spoken_templates
from pipeline.things import Things
from policies.model import Policy, Redaction

PRESIDIO_LEAST = 0.3
"""Patterns of Presidio's that score less stand for any digits, unless their words are near."""


def detectors(
    settings: Settings, things: Things | None = None, files: Sequence[SentenceFile] = ()
) -> tuple[Detector, ...]:
    """Make what finds private things; the names and words that commands need are none.

    Raises ModelError or SettingsError where it can't be made.
    """
    names = names_of(things) if things is not None else []
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


class Finders:
    """What finds private things under the policy in force; another counts from the next call."""

    def __init__(self, settings: Settings, policy: Callable[[], Policy], home: Household) -> None:
        """Raises ModelError or SettingsError where a detector can't be made."""
        self._words = settings.redaction.words
        self._policy = policy
        self._all = detectors(settings, home.things, home.files)
        home.tell(*(partial(_learned, one) for one in self._all if isinstance(one, Names)))
        self._under: Redaction | None = None
        self._found: tuple[Detector, ...] = ()

    def __call__(self) -> tuple[Detector, ...]:
        """Those of the settings, with the policy's words, as far as its types go."""
        under = self._policy().redaction
        if under != self._under:
            self._found = self._made(under)
            self._under = under
        return self._found

    def _made(self, under: Redaction) -> tuple[Detector, ...]:
        kinds = self._words.keys() | under.words.keys()
        words = {kind: (*self._words.get(kind, ()), *under.words.get(kind, ())) for kind in kinds}
        made = tuple(
            HouseholdWords(words) if isinstance(one, HouseholdWords) else one for one in self._all
        )
        return made if under.types == "all" else choose(made, set(under.types))


def _learned(detector: Names, talk: Talk) -> Callable[[], None]:
    return detector.prepare(names_of(talk.things), literal_words(spoken_templates(talk.files)))


def presidio(configuration: Path | None = None) -> Detector | None:
    """Presidio's own recognizers, or those of its configuration file; None if not installed."""
    if importlib.util.find_spec("presidio_analyzer") is None:
        return None
    from pipeline.engines.presidio import PresidioDetector  # noqa: PLC0415  # a large library

    return PresidioDetector(configuration)
