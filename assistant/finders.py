"""Makes what finds private things, for these settings, this policy and this house."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from assistant.errors import SettingsError
from assistant.household import Household, names_of
from assistant.settings import Settings
from pipeline.detectors import make_detectors
from pipeline.detectors.chosen import choose
from pipeline.detectors.context import literal_words
from pipeline.detectors.names import Names
from pipeline.ports import Detector
from pipeline.sentences import SentenceFile, spoken_templates
from pipeline.things import Things
from policies.model import Policy

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


def policy_detectors(
    settings: Settings, policy: Policy, home: Household, files: Sequence[SentenceFile]
) -> tuple[Detector, ...]:
    """The same, with the words of the household and the types that the policy names."""
    words = {
        kind: (*settings.redaction.words.get(kind, ()), *policy.redaction.words.get(kind, ()))
        for kind in settings.redaction.words.keys() | policy.redaction.words.keys()
    }
    redaction = settings.redaction.model_copy(update={"words": words})
    made = detectors(settings.model_copy(update={"redaction": redaction}), home.things, files)
    home.tell(*(partial(_renamed, one) for one in made if isinstance(one, Names)))
    types = policy.redaction.types
    return made if types == "all" else choose(made, set(types))


def _renamed(detector: Names, things: Things) -> Callable[[], None]:
    return detector.prepare(names_of(things))


def presidio(configuration: Path | None = None) -> Detector | None:
    """Presidio's own recognizers, or those of its configuration file; None if not installed."""
    if importlib.util.find_spec("presidio_analyzer") is None:
        return None
    from pipeline.engines.presidio import PresidioDetector  # noqa: PLC0415  # a large library

    return PresidioDetector(configuration)
