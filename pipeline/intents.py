"""Redacted text to intent: hassil over the built-in sentences, own sentences and the house."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hassil import Intents, TextChunk, TextSlotList, TextSlotValue, recognize_all
from hassil.intents import SlotList
from hassil.models import MatchEntity
from hassil.recognize import RecognizeResult

from assistant.errors import SettingsError
from assistant.types import (
    Choice,
    Entity,
    Number,
    Placeholder,
    RedactedIntent,
    RedactedTranscript,
    Slot,
    Words,
)
from pipeline.sentences import OWN, SentenceFile, merge
from pipeline.things import SpokenValue, Things

LONGEST = 40
"""Words. Nobody commands at such length, and what the matcher tries grows with it."""
COMMAND = "conversation_command"
"""The slot that holds a command for later: "turn off the lights in five minutes"."""
_FREE = "free"
_WARM_UP = (
    "set a timer for one hour twenty minutes and five seconds",
    "set the temperature to twenty one degrees",
    "set the brightness to fifty percent",
    "set the color temperature to four thousand kelvin",
    "turn the volume up by ten percent",
)


class IntentParser:
    """Keeps `pipeline.ports.Parser`. Built once (a quarter of a second), then only read."""

    def __init__(
        self, files: Sequence[SentenceFile], things: Things, area: str | None = None
    ) -> None:
        """Take sentences, the house, and the area this device stands in.

        "Turn on the lights" means the lights here. Where nobody said where "here" is, it means
        the lights: the sentence matches all the same and the intent has no area.

        Raises SettingsError where there is no such area.
        """
        document = merge(files)
        self._context = {"area": _area(things, area)} if area else {}
        if not area:
            _forget_here(document)
        self._intents = Intents.from_dict(document)
        self._house = {name: _text_list(name, values) for name, values in things.lists().items()}
        theirs = {name for file in files if file.built_in for name in file.values.get("lists", {})}
        self._open = [name for name in self._intents.slot_lists if name not in theirs]
        _mark_free(self._intents)
        for text in _WARM_UP:
            self._best(text, ())

    def parse(self, transcript: RedactedTranscript) -> RedactedIntent | None:
        """Give the intent that fits the whole text best, or None.

        Slots are what hassil reports: `Choice` for a value of a list or one the sentence
        settles (domain, device_class), `Number` for a range, `Words` for a wildcard,
        `Placeholder` where the text has one. A placeholder may stand for a value of any own
        list, and of `name`, `area` and `floor`.
        """
        return self._parse(transcript, transcript.text)

    def _parse(self, transcript: RedactedTranscript, text: str) -> RedactedIntent | None:
        result = self._best(text, transcript.entities)
        if result is None:
            return None
        names = {entity.placeholder: entity for entity in transcript.entities}
        slots = {name: _slot(entity, names) for name, entity in result.entities.items()}
        command = slots.get(COMMAND)
        if command is not None and not self._is_command(transcript, command):
            return None
        response = result.response or "default"
        return RedactedIntent(transcript.utterance_id, result.intent.name, slots, response)

    def _is_command(self, transcript: RedactedTranscript, command: Slot) -> bool:
        """ "I'll be back in five minutes" is no command for later; "lights off in ..." is one."""
        if not isinstance(command, Words):
            return False
        later = self._parse(transcript, command.value)
        return later is not None and COMMAND not in later.slots

    def _best(self, text: str, entities: Sequence[Entity]) -> RecognizeResult | None:
        if not 1 <= len(text.split()) <= LONGEST:
            return None
        intents = self._intents
        lists: dict[str, SlotList] = dict(self._house)
        if entities:
            intents, lists = self._with_placeholders(entities)
        results = recognize_all(
            text, intents, slot_lists=lists, intent_context=dict(self._context), language="en"
        )
        return min(results, key=_rank, default=None)

    def _with_placeholders(self, entities: Sequence[Entity]) -> tuple[Intents, dict[str, SlotList]]:
        """The same sentences and lists, in which this utterance's placeholders are values."""
        extra = [_placeholder_value(entity) for entity in entities]
        lists: dict[str, SlotList] = {
            name: _extended(values, extra) for name, values in self._house.items()
        }
        shared = self._intents.slot_lists
        for name in self._open:
            if isinstance(values := shared[name], TextSlotList):
                lists[name] = _extended(values, extra)
        intents = {
            name: dataclasses.replace(
                intent,
                data=[
                    dataclasses.replace(block, slot_lists=_extend_all(block.slot_lists, extra))
                    if block.slot_lists
                    else block
                    for block in intent.data
                ],
            )
            for name, intent in self._intents.intents.items()
        }
        return dataclasses.replace(self._intents, intents=intents), lists


def _area(things: Things, name: str) -> str:
    area = things.area_named(name)
    if area is None:
        known = ", ".join(area.name for area in things.areas) or "none"
        raise SettingsError(f"home.area: there is no area '{name}'; the areas are: {known}")
    return area.name


def _forget_here(document: Mapping[str, Any]) -> None:
    """Let sentences match that need the area of the device, without giving one."""
    for intent in document["intents"].values():
        for index, block in enumerate(intent["data"]):
            required = block.get("requires_context", {})
            if isinstance(area := required.get("area"), dict) and "value" not in area:
                rest = {key: value for key, value in required.items() if key != "area"}
                intent["data"][index] = {**block, "requires_context": rest}


def _text_list(name: str, values: Sequence[SpokenValue]) -> TextSlotList:
    tuples = [(value.text, value.value, dict(value.context)) for value in values]
    return TextSlotList.from_tuples(tuples, allow_template=False, name=name)


def _mark_free(intents: Intents) -> None:
    """Mark values without a meaning of their own: what was said is the value."""
    for values in _lists(intents):
        for value in values.values:
            if value.value_out is None:
                value.metadata = {**(value.metadata or {}), _FREE: True}


def _lists(intents: Intents) -> Iterator[TextSlotList]:
    blocks = [block for intent in intents.intents.values() for block in intent.data]
    for lists in (intents.slot_lists, *(block.slot_lists for block in blocks)):
        for values in lists.values():
            if isinstance(values, TextSlotList):
                yield values


def _placeholder_value(entity: Entity) -> TextSlotValue:
    """A placeholder as a list's value; one that hides a person may name a person entity."""
    context = {"domain": "person"} if entity.type == "PERSON" else None
    meaning = Placeholder(entity.placeholder, entity.type)
    return TextSlotValue(TextChunk(entity.placeholder), meaning, context)


def _extended(values: TextSlotList, extra: Sequence[TextSlotValue]) -> TextSlotList:
    return TextSlotList(name=values.name, values=[*values.values, *extra])


def _extend_all(lists: Mapping[str, Any], extra: Sequence[TextSlotValue]) -> dict[str, Any]:
    return {
        name: _extended(values, extra) if isinstance(values, TextSlotList) else values
        for name, values in lists.items()
    }


def _rank(result: RecognizeResult) -> tuple[int, int, bool, int, int, int, str]:
    """Smaller is better: fewer wildcards; placeholders in slots named like their type; own
    before built in; the longest name of a thing; more literal words; less text in wildcards.

    Home Assistant ranks own sentences first, then names, then as hassil does. Here an own
    sentence with a wildcard does not beat a built-in one that knows every word.
    """
    wildcards = [entity for entity in result.entities_list if entity.is_wildcard]
    strangers = sum(_is_stranger(entity) for entity in result.entities_list)
    name = result.entities.get("name")
    named = len(name.text) if name is not None and not name.is_wildcard else 0
    own = bool(result.intent_metadata and result.intent_metadata.get(OWN))
    swallowed = sum(len(entity.text) for entity in wildcards)
    literal = result.text_chunks_matched
    return len(wildcards), strangers, not own, -named, -literal, swallowed, result.intent.name


def _is_stranger(entity: MatchEntity) -> bool:
    """A PERSON belongs in the slot `person` rather than in `phone_number`."""
    if not isinstance(entity.value, Placeholder):
        return False
    kind, slot = entity.value.type.casefold(), entity.name.casefold()
    return kind not in slot and slot not in kind


def _slot(entity: MatchEntity, placeholders: Mapping[str, Entity]) -> Slot:
    value = entity.value
    if isinstance(value, Placeholder):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Number(float(value))
    text = str(value).strip()
    hidden = placeholders.get(text)
    if hidden is not None:
        return Placeholder(hidden.placeholder, hidden.type)
    is_free = entity.is_wildcard or bool(entity.metadata and entity.metadata.get(_FREE))
    return Words(text) if is_free else Choice(text)
