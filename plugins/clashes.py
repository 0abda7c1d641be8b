"""Finds sentences that two skills claim, by saying what each could hear to all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hassil import Intents, TextSlotList, recognize_all
from hassil.intents import SlotList

from pipeline.sentences import SentenceFile, built_in, merge
from plugins.described import SKILL
from plugins.samples import samples

_FEW = 4
"""Ways of saying each template that are tried at a start."""
_HOUSE = {name: (f"the {name}",) for name in ("name", "area", "floor", "zone")}


def shared_sentences(skills: Mapping[str, Sequence[SentenceFile]]) -> Iterator[str]:
    """A line for each two skills that claim the same words, with both names and the words.

    Each template is tried in a few ways, so that two that overlap in a corner may stay unnoticed.
    """
    files = [file for theirs in skills.values() for file in theirs]
    if len(skills) < 2 or not files:
        return
    words = [SentenceFile(file.source, {**file.values, "intents": {}}) for file in built_in()]
    everything = Intents.from_dict(merge((*words, *files)))
    lists: dict[str, SlotList] = {
        name: TextSlotList.from_strings(values, name=name) for name, values in _HOUSE.items()
    }
    order = list(skills)
    told: set[tuple[str, str]] = set()
    for name, theirs in skills.items():
        for _, _, text in samples(theirs, _HOUSE, _FEW):
            for result in recognize_all(text, everything, slot_lists=lists, language="en"):
                other = str((result.intent_metadata or {}).get(SKILL, name))
                is_vague = any(entity.is_wildcard for entity in result.entities_list)
                pair = tuple(sorted((name, other), key=order.index))
                if other == name or is_vague or pair in told:
                    continue
                told.add((pair[0], pair[1]))
                yield f'skills {pair[0]} and {pair[1]} both claim the sentence "{text}"'
