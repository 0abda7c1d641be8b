"""Makes hassil's sentences ready: what needs to be known of their lists, and what to forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hassil import Intents, RangeSlotList, TextSlotList

from pipeline.reading_results import FREE
from pipeline.sentences import OWN


def forget_here(document: Mapping[str, Any]) -> None:
    """Let sentences match that need the area of the device, without giving one."""
    for intent in document["intents"].values():
        for index, block in enumerate(intent["data"]):
            required = block.get("requires_context", {})
            if isinstance(area := required.get("area"), dict) and "value" not in area:
                rest = {key: value for key, value in required.items() if key != "area"}
                intent["data"][index] = {**block, "requires_context": rest}


def part_tries(intents: Intents) -> None:
    """Keep apart the number words of ranges that differ in their multiplier alone.

    hassil keeps one dictionary of number words for them, so "down by twenty percent" went up.
    """
    for values in intents.slot_lists.values():
        if isinstance(values, RangeSlotList) and values.multiplier is not None:
            values.words_language = f"en_{values.multiplier:g}"


def mark_free(intents: Intents) -> None:
    """Mark values without a meaning of their own: what was said is the value."""
    for values in _lists(intents):
        for value in values.values:
            if value.value_out is None:
                value.metadata = {**(value.metadata or {}), FREE: True}


def mark_own(intents: Intents, names: Sequence[str]) -> None:
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
