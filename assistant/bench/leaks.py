"""What leaks from sentences whose private places are marked, and what else is taken out.

leak_rate: the share of sentences with marked places in which any letter or digit of one is left
(fillers such as "uh" do not count); gross_leak: the same, where half of one place or more is left;
span_recall, char_recall: the share of marked places (letters) that are gone altogether;
span_precision, char_precision: the share of placeholders (letters under them) that are at least
half marked (marked); command_damage: the share of sentences with nothing marked in which something
was taken out; collateral: the share of unmarked letters that were, beside marked ones.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from assistant.errors import AssistantError

QUASI = frozenset({"AGE", "NRP", "ORGANIZATION", "LOCATION", "AMOUNT", "DATE_TIME"})
"""Types that tell little on their own: with `core` they need not be found, and may be."""
FILLERS = frozenset({"uh", "um", "er", "hmm", "ah", "eh"})
PRESIDIO_NAMES = {
    "PHONE": "PHONE_NUMBER",
    "EMAIL": "EMAIL_ADDRESS",
    "SSN": "US_SSN",
    "IBAN": "IBAN_CODE",
    "IP": "IP_ADDRESS",
    "DOB": "DATE_OF_BIRTH",
}
"""How types of the sets are called here."""

_WORD = re.compile(r"[A-Za-z']+")
_TOKEN = re.compile(r"[A-Za-z0-9']+")
_PLACEHOLDER = re.compile(r"<[A-Za-z_0-9 ]+>|\[[A-Za-z_0-9 ]+\]")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_FIGURES = {
    **{word: str(number) for number, word in enumerate(_ONES.split())},
    **{word: str(number) for number, word in zip(range(20, 100, 10), _TENS.split(), strict=True)},
    "oh": "0",
    "o": "0",
}


class Place(BaseModel):
    """A private place in a text: half-open, in characters."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    type: str

    @property
    def letters(self) -> range:
        """The offsets in it."""
        return range(max(self.start, 0), self.end)


class Sentence(BaseModel):
    """A line of a set."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    spans: tuple[Place, ...]
    style: str = "?"
    source: str = "?"
    noise: tuple[object, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """What it is counted under, beside all."""
        noise = "yes" if self.noise else "no"
        return f"style={self.style}", f"source={self.source}", f"noise={noise}"


def load(paths: Iterable[Path]) -> list[Sentence]:
    """Read sets in JSONL: `{id, text, spans: [{start, end, type}], style, source, noise}` a line.

    Raises AssistantError with the file and the line.
    """
    sentences: list[Sentence] = []
    for path in paths:
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if line.strip():
                sentences.append(_parsed(path, number, line))
    if not sentences:
        raise AssistantError(f"{', '.join(map(str, paths))}: there is no sentence")
    return sentences


def _parsed(path: Path, number: int, line: bytes) -> Sentence:
    try:
        return Sentence.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "the line"
        raise AssistantError(f"{path}:{number}: {place}: {problem['msg']}") from None


@dataclass(slots=True)
class Tally:
    """Counts, and the figures made of them."""

    sentences: int = 0
    leaks: int = 0
    gross: int = 0
    commands: int = 0
    damaged: int = 0
    places: int = 0
    gone: int = 0
    touched: int = 0
    typed: int = 0
    letters: int = 0
    letters_gone: int = 0
    found: int = 0
    found_right: int = 0
    found_letters: int = 0
    found_letters_right: int = 0
    others: int = 0
    others_gone: int = 0

    def figures(self) -> dict[str, float | int | None]:
        """In percent, None where there is nothing to divide by."""
        return {
            "pii_utts": self.sentences,
            "leak_rate": percent(self.leaks, self.sentences),
            "gross_leak": percent(self.gross, self.sentences),
            "spans": self.places,
            "span_recall": percent(self.gone, self.places),
            "char_recall": percent(self.letters_gone, self.letters),
            "span_precision": percent(self.found_right, self.found),
            "char_precision": percent(self.found_letters_right, self.found_letters),
            "type_accuracy": percent(self.typed, self.touched),
            "collateral": percent(self.others_gone, self.others),
            "commands": self.commands,
            "command_damage": percent(self.damaged, self.commands),
        }


def percent(part: int, whole: int) -> float | None:
    """A share in percent, to two places."""
    return round(100 * part / whole, 2) if whole else None


@dataclass(slots=True)
class Score:
    """The figures of a set: all of it, by group, by type."""

    core: bool = False
    total: Tally = field(default_factory=Tally)
    groups: dict[str, Tally] = field(default_factory=dict)
    types: dict[str, Tally] = field(default_factory=dict)
    leaking: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def add(self, sentence: Sentence, found: Sequence[Place]) -> None:
        """Count a sentence in which these places were redacted."""
        letters = countable(sentence.text)
        hidden = {index for place in found for index in place.letters} & letters
        self._count(sentence, letters, hidden, found)

    def add_sent(self, sentence: Sentence, sent: Sequence[str]) -> None:
        """Count a sentence of which these strings left, and nothing else.

        A marked word is left where it occurs in them more often than the unmarked words explain.
        A command is damaged where nothing left.
        """
        letters = countable(sentence.text)
        if sentence.spans:
            marked = {index for place in sentence.spans for index in place.letters}
            self._count(sentence, letters, (letters & marked) - _left(sentence, sent), ())
        else:
            self._count(sentence, letters, set() if sent else letters, ())

    def _count(
        self, sentence: Sentence, letters: set[int], hidden: set[int], found: Sequence[Place]
    ) -> None:
        marked = {index for place in sentence.spans for index in place.letters}
        tallies = [self.total, *(self.groups.setdefault(g, Tally()) for g in sentence.groups)]
        needed = [p for p in sentence.spans if not (self.core and p.type in QUASI)]
        leak = gross = False
        for place in needed:
            own = letters.intersection(place.letters)
            gone = len(own & hidden)
            if own:
                leak |= gone < len(own)
                gross |= gone * 2 <= len(own)
                typed = bool(gone) and _has_type(place, found)
                for tally in (*tallies, self.types.setdefault(place.type, Tally())):
                    _count_place(tally, len(own), gone, typed)
        others = letters - marked
        for tally in tallies:
            if needed:
                tally.sentences += 1
                tally.leaks += leak
                tally.gross += gross
            if sentence.spans:
                tally.others += len(others)
                tally.others_gone += len(others & hidden)
            else:
                tally.commands += 1
                tally.damaged += bool(others & hidden)
            for place in found:
                _count_found(tally, letters.intersection(place.letters), marked)
        if leak:
            self.leaking.append(sentence.id)
        if not sentence.spans and others & hidden:
            self.damaged.append(sentence.id)

    def figures(self) -> dict[str, object]:
        """All of it, ready for JSON."""
        return {
            "overall": self.total.figures(),
            "groups": {name: tally.figures() for name, tally in sorted(self.groups.items())},
            "types": {
                name: {
                    "spans": tally.places,
                    "fully_redacted": percent(tally.gone, tally.places),
                    "char_recall": percent(tally.letters_gone, tally.letters),
                }
                for name, tally in sorted(self.types.items())
            },
            "leaking_ids": self.leaking,
            "damaged_ids": self.damaged,
        }


def countable(text: str) -> set[int]:
    """The offsets of letters and digits that are not in a filler."""
    fillers = {
        index
        for match in _WORD.finditer(text)
        if match[0].lower() in FILLERS
        for index in range(match.start(), match.end())
    }
    return {index for index, letter in enumerate(text) if letter.isalnum()} - fillers


def _count_place(tally: Tally, letters: int, gone: int, typed: bool) -> None:
    tally.places += 1
    tally.gone += gone == letters
    tally.touched += gone > 0
    tally.typed += typed
    tally.letters += letters
    tally.letters_gone += gone


def _count_found(tally: Tally, letters: set[int], marked: set[int]) -> None:
    right = len(letters & marked)
    if letters:
        tally.found += 1
        tally.found_right += right * 2 >= len(letters)
        tally.found_letters += len(letters)
        tally.found_letters_right += right


def _has_type(place: Place, found: Sequence[Place]) -> bool:
    name = PRESIDIO_NAMES.get(place.type, place.type)
    return any(
        other.start < place.end and place.start < other.end and other.type == name
        for other in found
    )


def _left(sentence: Sentence, sent: Sequence[str]) -> set[int]:
    """The offsets of marked words that the strings hold."""
    words = [word for text in sent for word in _TOKEN.findall(_PLACEHOLDER.sub(" ", text))]
    left = Counter(map(_plain, words))
    marked = {index for place in sentence.spans for index in place.letters}
    private: list[re.Match[str]] = []
    for match in _TOKEN.finditer(sentence.text):
        if marked.isdisjoint(range(match.start(), match.end())):
            left[_plain(match[0])] -= 1
        else:
            private.append(match)
    return set(_offsets(private, left))


def _offsets(private: Iterable[re.Match[str]], left: Counter[str]) -> Iterator[int]:
    for match in private:
        word = _plain(match[0])
        if left[word] > 0:
            left[word] -= 1
            yield from range(match.start(), match.end())


def _plain(word: str) -> str:
    plain = word.lower().strip("'")
    return _FIGURES.get(plain, plain)
