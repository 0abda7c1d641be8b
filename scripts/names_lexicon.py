"""The word lists that the model can look a word up in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from zlib import crc32

from names_generator import DATA, is_held_out, templates
from names_lists import prose, read_lines, read_lists

from pipeline.detectors.words import tokens

LISTS = (
    ("common_first", "world_first"), ("first",), ("word_first",), ("common_last", "world_last"),
    ("last",), ("artist",), ("song", "album", "film", "show", "book", "podcast", "game"),
    ("star", "author", "fictional"), ("team",), ("city", "town", "hood", "landmark"),
    ("country", "state"), ("brand", "app", "employer", "channel", "radio", "site"),
    ("food", "dish"), ("room", "device"),
    ("condition", "procedure", "symptom", "diagnosis", "medical_thing", "medical_test",
     "complaint"),
    ("drug",),
    ("org_kind", "org_tail"), ("street_kind",), ("kin", "kin_name", "job"), ("title",),
    ("noun",), ("verb",), ("adjective", "adverb", "color"), ("frame",), ("holiday", "day"),
    ("mail_host", "tld"), ("number",), ("animal", "genre", "language", "topic"),
)  # fmt: skip
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
    frames = " ".join(templates("public") + templates("private"))
    plain = "".join(
        letter if letter.isalpha() or letter == "'" else " " for letter in _bare(frames)
    )
    common = Counter(word for words in prose() for word in words)
    lists["frame"] = sorted(
        {*plain.split(), *(w for w, count in common.items() if count > 1), *lists["common"]}
    )
    lists["number"] = [
        "zero",
        "oh",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "thousand",
        "million",
        "double",
        "triple",
        "point",
    ]
    lists["day"] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "today",
        "tomorrow",
        "tonight",
        "yesterday",
    ]
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


def _bare(text: str) -> str:
    """A template without its slots."""
    return "".join(
        part.partition("}")[2] if index else part for index, part in enumerate(text.split("{"))
    )


def _forms(entry: str) -> Iterator[str]:
    """The entry as a text's words may match it: "ben and jerry's", "ben & jerrys", "wendy's"."""
    words = tokens(entry)
    keys = [word.key for word in words]
    forms = [keys]
    if words[-1].is_possessive:
        forms.append([*keys[:-1], f"{keys[-1]}s"])
        if len(keys) == 1:
            forms.append([f"{keys[0]}'s"])
    if len(keys) > 1 and keys[0] in {"the", "a", "an"}:
        forms.append(keys[1:])
    if len(keys) > 2 and "and" in keys:
        forms += [[key for key in form if key != "and"] for form in forms]
    yield from (" ".join(form) for form in forms)
