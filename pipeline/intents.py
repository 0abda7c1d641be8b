"""Redacted text to intent: hassil over the built-in sentences, own sentences and the house."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from pipeline.reading import Reader, Reading, places, said, written
from pipeline.reading_follow import Follow
from pipeline.reading_results import free_words, is_free, is_own, knows_more, rank, wildcards
from pipeline.sentence_marks import forget_here, mark_free, mark_own, part_tries
from pipeline.sentences import SentenceFile, merge
from pipeline.spoken_lists import SpokenList
from pipeline.things import Things

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
    "what is seven plus five",
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


@dataclass(frozen=True, slots=True)
class _Sentences:
    """What of the parser depends on the sentences; never changed, only replaced."""

    intents: Intents
    open: Sequence[str]
    """Lists of the household and of skills: a placeholder may stand for one of their values."""


@dataclass(frozen=True, slots=True)
class _House:
    """What of the parser depends on the things, too; never changed, only replaced."""

    sentences: _Sentences
    lists: Mapping[str, SpokenList]
    reader: Reader
    context: Mapping[str, str]
    """The area this device stands in, where somebody said so."""


class IntentParser:
    """Keeps `pipeline.ports.Parser`. To read the sentences takes a quarter of a second.

    Things and sentences may become others (`prepare`): a call sees the old ones or the new.
    """

    def __init__(
        self,
        files: Sequence[SentenceFile],
        things: Things,
        area: str | None = None,
        *,
        comes_later: bool = False,
    ) -> None:
        """Take sentences, the house, and the area this device stands in.

        "Turn on the lights" means the lights here. Where nobody said where "here" is, it means
        the lights: the sentence matches all the same and the intent has no area.

        Raises SettingsError where there is no such area, unless the things may come later.
        """
        self._area = area
        if area and not comes_later:
            _check_area(things, area)
        self._files = files
        self._house = self._furnished(self._read(files), things)
        self._warm(self._house)

    def prepare(
        self, things: Things, files: Sequence[SentenceFile] | None = None
    ) -> Callable[[], None]:
        """Make ready for other things and sentences, on any thread; what comes back uses them.

        Without `files` the sentences stay.
        """
        if files is None or files == self._files:
            house = self._furnished(self._house.sentences, things)
        else:
            house = self._furnished(self._read(files), things)
            self._warm(house)

        def use() -> None:
            self._house = house
            self._files = self._files if files is None else files

        return use

    def _read(self, files: Sequence[SentenceFile]) -> _Sentences:
        document = merge(files)
        if not self._area:
            forget_here(document)
        intents = Intents.from_dict(document)
        theirs = {name for file in files if file.built_in for name in file.values.get("lists", {})}
        made = _Sentences(intents, [name for name in intents.slot_lists if name not in theirs])
        part_tries(intents)
        mark_free(intents)
        mark_own(intents, made.open)
        return made

    def _furnished(self, sentences: _Sentences, things: Things) -> _House:
        lists = {name: SpokenList.of(name, values) for name, values in things.lists().items()}
        reader = Reader(Follow(sentences.intents, lists, (*HOUSE, *sentences.open)))
        if self._area is None:
            return _House(sentences, lists, reader, {})
        area = things.area_named(self._area)
        here = {"area": self._area if area is None else area.name}
        return _House(sentences, lists, reader, here)

    def _warm(self, house: _House) -> None:
        for text in _WARM_UP:
            self._best(house, text, ())

    def parse(self, transcript: RedactedTranscript) -> RedactedIntent | None:
        """Give the intent that fits the whole text best, or None.

        A text that no sentence fits is read without fillers and repeated words, and with words
        that sound the same.

        Slots are what hassil reports: `Choice` for a value of a list or one the sentence
        settles (domain, device_class), `Number` for a range, `Words` for a wildcard,
        `Placeholder` where the text has one. A placeholder may stand for a value of any own
        list, and of `name`, `area` and `floor`.
        """
        match = self._match(self._house, transcript.text, transcript.entities)
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
        return self._needed(self._house, text)

    def _needed(self, house: _House, text: str) -> tuple[Needed, ...]:
        match = self._match(house, text, ())
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
            for start, end in house.reader.kept(text, read, free)
        ]
        later = match.result.entities.get(COMMAND)
        for start, end in places(read, [later.text]) or () if later is not None else ():
            inner = self._needed(house, text[start:end])
            found += [replace(one, start=one.start + start, end=one.end + start) for one in inner]
        return tuple(sorted(found, key=lambda one: one.start))

    def _match(
        self, house: _House, text: str, entities: Sequence[Entity], *, now: bool = False
    ) -> _Match | None:
        """The text as it is, or else the first of its readings that fits a sentence.

        Where the text as it is leaves words to free speech, a reading that knows more of them
        goes before it. With `now` a command for later is none.
        """
        if len(text.split()) > LONGEST:
            return None
        plain = house.reader.without_hesitations(text)
        result = self._command(house, text if plain is None else written(plain), entities, now)
        if result is not None and not wildcards(result):
            return _Match(result, plain)
        for reading in house.reader.readings(text, None if result is None else free_words(result)):
            other = self._command(house, written(reading), entities, now)
            if other is not None and (result is None or knows_more(other, result)):
                return _Match(other, reading)
        return None if result is None else _Match(result, plain)

    def _command(
        self, house: _House, text: str, entities: Sequence[Entity], now: bool
    ) -> RecognizeResult | None:
        """The best result, unless it takes for a command for later what is none.

        "I'll be back in five minutes" is none; "lights off in five minutes" is one.
        """
        result = self._best(house, text, entities)
        later = result.entities.get(COMMAND) if result is not None else None
        if later is None:
            return result
        return None if now or self._match(house, later.text, entities, now=True) is None else result

    def _best(self, house: _House, text: str, entities: Sequence[Entity]) -> RecognizeResult | None:
        if not 1 <= len(text.split()) <= LONGEST:
            return None
        intents = house.sentences.intents
        lists: dict[str, SlotList] = dict(house.lists)
        if entities:
            intents, lists = self._with_placeholders(house, entities)
        results = recognize_all(
            text, intents, slot_lists=lists, intent_context=dict(house.context), language="en"
        )
        return min(results, key=rank, default=None)

    def _with_placeholders(
        self, house: _House, entities: Sequence[Entity]
    ) -> tuple[Intents, dict[str, SlotList]]:
        """The same sentences and lists, in which this utterance's placeholders are values."""
        extra = [_placeholder_value(entity) for entity in entities]
        lists: dict[str, SlotList] = {
            name: values.extended(extra) for name, values in house.lists.items()
        }
        own = house.sentences
        for name in own.open:
            if isinstance(values := own.intents.slot_lists[name], TextSlotList):
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
            for name, intent in own.intents.intents.items()
        }
        return dataclasses.replace(own.intents, intents=intents), lists


def _check_area(things: Things, name: str) -> None:
    if things.area_named(name) is None:
        known = ", ".join(area.name for area in things.areas) or "none"
        raise SettingsError(f"home.area: there is no area '{name}'; the areas are: {known}")


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
