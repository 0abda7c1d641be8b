"""Redacted text to intent: hassil over the built-in sentences, own sentences and the house."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hassil import Intents, RangeSlotList, TextChunk, TextSlotList, TextSlotValue, recognize_all
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
from pipeline.reading import Reader, Reading, places, said, written
from pipeline.reading_follow import Follow
from pipeline.reading_results import FREE, free_words, is_free, is_own, knows_more, rank, wildcards
from pipeline.sentences import OWN, SentenceFile, merge
from pipeline.things import SpokenValue, Things

LONGEST = 40
"""Words. Nobody commands at such length, and what the matcher tries grows with it."""
COMMAND = "conversation_command"
"""The slot that holds a command for later: "turn off the lights in five minutes"."""
HOUSE = ("name", "area", "floor")
"""Lists of the house that a placeholder may stand for a value of."""
_WARM_UP = (
    "set a timer for one hour twenty minutes and five seconds",
    "set the temperature to twenty one degrees",
    "set the brightness to fifty percent",
    "set the color temperature to four thousand kelvin",
    "turn the volume up by ten percent",
    "turn the volume down by ten percent",
)


@dataclass(frozen=True, slots=True)
class Needed:
    """A place in a text that its intent needs."""

    start: int
    end: int
    """Half-open, in characters."""
    is_own: bool
    """It is a value of an own list, or a number in an own sentence."""


@dataclass(frozen=True, slots=True)
class _Match:
    """What hassil made of a text, or of another reading of it."""

    result: RecognizeResult
    reading: Reading | None
    """None: the text as it was written."""


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
        _part_tries(self._intents)
        _mark_free(self._intents)
        _mark_own(self._intents, self._open)
        open_lists = (*HOUSE, *self._open)
        self._reader = Reader(Follow(self._intents, self._house, open_lists))
        for text in _WARM_UP:
            self._best(text, ())

    def parse(self, transcript: RedactedTranscript) -> RedactedIntent | None:
        """Give the intent that fits the whole text best, or None.

        A text that no sentence fits is read without fillers and repeated words, and with words
        that sound the same.

        Slots are what hassil reports: `Choice` for a value of a list or one the sentence
        settles (domain, device_class), `Number` for a range, `Words` for a wildcard,
        `Placeholder` where the text has one. A placeholder may stand for a value of any own
        list, and of `name`, `area` and `floor`.
        """
        match = self._match(transcript.text, transcript.entities)
        if match is None:
            return None
        result = match.result
        names = {entity.placeholder: entity for entity in transcript.entities}
        slots = {name: _slot(entity, names) for name, entity in result.entities.items()}
        response = result.response or "default"
        return RedactedIntent(transcript.utterance_id, result.intent.name, slots, response)

    def needed(self, text: str) -> tuple[Needed, ...]:
        """The places in a text that the intent it fits can't do without; none: it fits none.

        That is the fixed words of the sentence, values of its closed lists and numbers in its
        ranges, and the fillers among them; never free words, but for a command for later and
        what that needs. The text is raw, so this is for the redactor's side only.
        """
        match = self._match(text, ())
        if match is None:
            return ()
        read = said(text) if match.reading is None else match.reading
        entities = match.result.entities_list
        free = places(read, [entity.text for entity in entities if is_free(entity)])
        own = places(read, [entity.text for entity in entities if is_own(entity, match.result)])
        if free is None or own is None:
            return ()
        found = [
            Needed(start, end, is_own=any(left < end and start < right for left, right in own))
            for start, end in self._reader.kept(text, read, free)
        ]
        later = match.result.entities.get(COMMAND)
        for start, end in places(read, [later.text]) or () if later is not None else ():
            inner = self.needed(text[start:end])
            found += [replace(one, start=one.start + start, end=one.end + start) for one in inner]
        return tuple(sorted(found, key=lambda one: one.start))

    def _match(self, text: str, entities: Sequence[Entity], *, now: bool = False) -> _Match | None:
        """The text as it is, or else the first of its readings that fits a sentence.

        Where the text as it is leaves words to free speech, a reading that knows more of them
        goes before it. With `now` a command for later is none.
        """
        if len(text.split()) > LONGEST:
            return None
        plain = self._reader.without_hesitations(text)
        result = self._command(text if plain is None else written(plain), entities, now)
        if result is not None and not wildcards(result):
            return _Match(result, plain)
        for reading in self._reader.readings(text, None if result is None else free_words(result)):
            other = self._command(written(reading), entities, now)
            if other is not None and (result is None or knows_more(other, result)):
                return _Match(other, reading)
        return None if result is None else _Match(result, plain)

    def _command(self, text: str, entities: Sequence[Entity], now: bool) -> RecognizeResult | None:
        """The best result, unless it takes for a command for later what is none.

        "I'll be back in five minutes" is none; "lights off in five minutes" is one.
        """
        result = self._best(text, entities)
        later = result.entities.get(COMMAND) if result is not None else None
        if later is None:
            return result
        return None if now or self._match(later.text, entities, now=True) is None else result

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
        return min(results, key=rank, default=None)

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


def _part_tries(intents: Intents) -> None:
    """Keep apart the number words of ranges that differ in their multiplier alone.

    hassil keeps one dictionary of number words for them, so "down by twenty percent" went up.
    """
    for values in intents.slot_lists.values():
        if isinstance(values, RangeSlotList) and values.multiplier is not None:
            values.words_language = f"en_{values.multiplier:g}"


def _mark_free(intents: Intents) -> None:
    """Mark values without a meaning of their own: what was said is the value."""
    for values in _lists(intents):
        for value in values.values:
            if value.value_out is None:
                value.metadata = {**(value.metadata or {}), FREE: True}


def _mark_own(intents: Intents, names: Sequence[str]) -> None:
    """Mark the values of own lists."""
    lists = [intents.slot_lists[name] for name in names]
    for intent in intents.intents.values():
        for block in intent.data:
            if block.metadata and block.metadata.get(OWN):
                lists += block.slot_lists.values()
    for values in lists:
        for value in values.values if isinstance(values, TextSlotList) else ():
            value.metadata = {**(value.metadata or {}), OWN: True}


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
    return Words(text) if is_free(entity) else Choice(text)
