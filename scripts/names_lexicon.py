"""The word lists that the model can look a word up in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zlib import crc32

from names_generator import DATA, frame_words, is_held_out
from names_lists import prose, read_lines, read_lists
from names_speech import is_inflected, plain_words

from pipeline.detectors.words import tokens

LISTS = (
    ("common_first", "world_first"), ("first",), ("word_first",), ("common_last", "world_last"),
    ("last",), ("artist",), ("song", "album", "film", "show", "book", "podcast", "game"),
    ("star", "author", "fictional"), ("team",), ("city", "town", "hood", "landmark"),
    ("country", "state"), ("brand", "grocery", "app", "employer", "channel", "radio", "site"),
    ("food", "dish", "drink"), ("room", "device"),
    ("condition", "procedure"),
    ("symptom", "diagnosis", "medical_thing", "medical_test", "complaint", "clinic", "body_part"),
    ("drug",),
    ("org_kind", "org_tail"), ("street_kind", "home_kind"), ("kin", "kin_name", "job"), ("title",),
    ("noun",), ("verb",), ("adjective", "adverb", "color"), ("frame",), ("holiday", "day"),
    ("mail_host", "tld"), ("number",), ("animal", "genre", "language", "topic", "nationality"),
    ("usual",), ("rarer",), ("rare",),
)  # fmt: skip
_OFTEN, _RARER, _RARE = 2_000, 8_000, 20_000
_NUMBERS = """zero oh one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy
    eighty ninety hundred thousand million double triple point"""
_DAYS = """monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december today tomorrow tonight yesterday"""
_PEOPLE = frozenset({"common_first", "world_first", "word_first", "first", "common_last",
                     "world_last", "last"})  # fmt: skip


KNOWN = [
    bit
    for bit, names in enumerate(LISTS)
    if {"artist", "song", "star", "team", "city", "country", "brand", "food", "room"} & set(names)
]
"""Places in LISTS of what everybody knows; a name of several words from them is likely public."""


def entries(all_names: bool) -> dict[int, int]:
    """CRC-32 of every entry of the word lists, with a bit for each list it stands in."""
    lists: dict[str, list[str]] = {}
    for name in ("people", "public", "private", "words"):
        lists |= read_lists(DATA / f"{name}.txt")
    lists |= {name: read_lines(DATA / f"{name}.txt") for name in ("first", "last")}
    common = Counter(word for words in prose() for word in words)
    lists["frame"] = sorted(
        {*frame_words(), *(w for w, count in common.items() if count > 1), *lists["common"]}
    )
    lists["number"] = _NUMBERS.split()
    lists["day"] = _DAYS.split()
    plain = frame_words().union(*(lists[name] for name in ("noun", "verb", "adjective", "common")))
    names = set().union(*(lists[name] for name in _PEOPLE)) - set(lists["word_first"]) - plain
    usual = [word for word in plain_words(_RARE) if word not in names or is_inflected(word)]
    lists["usual"], lists["rarer"] = usual[:_OFTEN], usual[_OFTEN:_RARER]
    lists["rare"] = usual[_RARER:]
    found: dict[int, int] = {}
    for bit, names in enumerate(LISTS):
        for name in names:
            for entry in lists[name]:
                if name in _PEOPLE and not all_names and is_held_out(entry):
                    continue
                for form in _forms(entry):
                    key = crc32(form.encode())
                    found[key] = found.get(key, 0) | 1 << bit
    return found


def _forms(entry: str) -> Iterator[str]:
    """The entry as a text's words may match it: "ben and jerry's", "ben & jerrys", "wendy's"."""
    words = tokens(entry)
    keys = [word.key for word in words]
    forms = [keys]
    if words[-1].is_possessive:
        forms.append([*keys[:-1], f"{keys[-1]}s"])
        if len(keys) == 1:
            forms.append([f"{keys[0]}'s"])
    if len(keys) > 1 and keys[0] in {"the", "a", "an"} and len(keys[1]) > 1:
        forms.append(keys[1:])
    if len(keys) > 2 and "and" in keys:
        forms += [[key for key in form if key != "and"] for form in forms]
    yield from (" ".join(form) for form in forms)
