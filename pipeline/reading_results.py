"""How good a match of hassil's is, and how much of it is free speech."""

from __future__ import annotations

from hassil.models import MatchEntity
from hassil.recognize import RecognizeResult

from assistant.types import Placeholder
from pipeline.sentences import OWN

FREE = "free"
"""The metadata key of list values without a meaning of their own: what was said is the value."""


def rank(result: RecognizeResult) -> tuple[int, int, bool, int, int, int, str]:
    """Smaller is better: fewer wildcards; placeholders in slots named like their type; own
    before built in; the longest name of a thing; more literal words; less text in wildcards.

    Home Assistant ranks own sentences first, then names, then as hassil does. Here an own
    sentence with a wildcard does not beat a built-in one that knows every word.
    """
    free = [entity for entity in result.entities_list if entity.is_wildcard]
    strangers = sum(_is_stranger(entity) for entity in result.entities_list)
    name = result.entities.get("name")
    named = len(name.text) if name is not None and not name.is_wildcard else 0
    own = bool(result.intent_metadata and result.intent_metadata.get(OWN))
    swallowed = sum(len(entity.text) for entity in free)
    literal = result.text_chunks_matched
    return len(free), strangers, not own, -named, -literal, swallowed, result.intent.name


def _is_stranger(entity: MatchEntity) -> bool:
    """A PERSON belongs in the slot `person` rather than in `phone_number`."""
    if not isinstance(entity.value, Placeholder):
        return False
    kind, slot = entity.value.type.casefold(), entity.name.casefold()
    return kind not in slot and slot not in kind


def wildcards(result: RecognizeResult) -> int:
    """How many slots hold free speech."""
    return sum(entity.is_wildcard for entity in result.entities_list)


def free_words(result: RecognizeResult) -> int:
    """How many words are free speech."""
    return sum(len(e.text.split()) for e in result.entities_list if e.is_wildcard)


def knows_more(result: RecognizeResult, other: RecognizeResult) -> bool:
    """Whether a result knows more values than another, or leaves less to free words."""
    known = len(result.entities_list) - wildcards(result)
    return wildcards(result) < wildcards(other) or (
        known > len(other.entities_list) - wildcards(other)
    )


def is_free(entity: MatchEntity) -> bool:
    """Whether the value is what was said, and no more."""
    return entity.is_wildcard or _has(entity, FREE)


def is_own(entity: MatchEntity, result: RecognizeResult) -> bool:
    """Whether the value is of an own list, or a number in an own sentence."""
    in_own = bool(result.intent_metadata and result.intent_metadata.get(OWN))
    return _has(entity, OWN) or (in_own and isinstance(entity.value, int | float))


def _has(entity: MatchEntity, mark: str) -> bool:
    return bool(entity.metadata and entity.metadata.get(mark))
