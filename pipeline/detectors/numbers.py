"""Reads what people say for digits and letters into codes, with the place of each character.

"double five oh, uh, forty one b as in boy" is the code 55041b: a `Run` of `Piece`s, each of
which knows its words in the raw text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.detectors.number_words import (
    CORRECTING,
    CORRECTIONS,
    FILLERS,
    MARKS,
    PAUSES,
    PAUSING,
    SCALES,
    TENS,
    UNITS,
)
from pipeline.detectors.pieces import (
    ALIKE,
    DIGIT,
    LETTER,
    NUMBER,
    SAYS,
    WEAK,
    WRITTEN,
    Piece,
    piece_at,
)
from pipeline.detectors.reading import Reading, word_set

_DASHES = {0x2013: "-", 0x2014: "-"}
"""En and em dash."""
_RESUMING = word_set("it's its it is that's yeah yes yep right")
"""After a correction: "no wait it's", "hang on yeah"."""
_MOST_GLUE = 4
"""Fillers, marks and corrections in a row that a code may have between two of its pieces."""


@dataclass(slots=True)
class Run:
    """Pieces in a row, with what lies between them."""

    pieces: list[Piece]
    corrected: bool = False
    """Somebody put a digit right in it."""
    marks: str = ""
    """What was said or written between the pieces: dots, dashes, slashes, colons."""
    digits: int = field(init=False)
    letters: int = field(init=False)
    strong: int = field(init=False)
    """Digits that are no sound-alikes."""
    phrases: int = field(init=False)

    def __post_init__(self) -> None:
        values = [piece.value for piece in self.pieces]
        code = "".join(values)
        self.digits = sum(map(str.isdecimal, code))
        self.letters = len(code) - self.digits
        self.strong = sum(len(p.value) for p in self.pieces if p.kind in (DIGIT, NUMBER, WRITTEN))
        self.phrases = sum(map(bool, values))

    @property
    def first(self) -> int:
        """The first word of the run."""
        return self.pieces[0].first

    @property
    def last(self) -> int:
        """The last word of the run."""
        return self.pieces[-1].last

    @property
    def code(self) -> str:
        """The digits and letters that were said, lower case."""
        return "".join(piece.value for piece in self.pieces)

    def offsets(self, reading: Reading) -> list[tuple[int, int]]:
        """For each character of `code`, the place in the raw text that says it."""
        return [
            (reading.starts[piece.first], reading.ends[piece.last])
            for piece in self.pieces
            for _ in piece.value
        ]


def find_runs(reading: Reading) -> list[Run]:
    """Every run of digits and letters, in order; a lone letter or sound-alike is none."""
    return list(_runs(reading))


def _runs(reading: Reading) -> Iterator[Run]:
    index, count = 0, len(reading)
    while index < count:
        piece = piece_at(reading, index)
        if piece is None or piece.kind == WEAK or not _begins(reading, piece):
            index += 1
            continue
        run, index = _run(reading, piece)
        if run is not None:
            yield run


def _run(reading: Reading, piece: Piece) -> tuple[Run | None, int]:
    """The run that begins with the piece, and the word after it."""
    pieces, marks, corrected = [piece], "", False
    index = piece.last + 1
    while index < len(reading):
        glued, said, sorry = _glue(reading, index)
        if glued < 0:
            break
        following = piece_at(reading, glued) if glued < len(reading) else None
        if following is None or (
            following.kind == WEAK and not _goes_on(reading, following, pieces)
        ):
            if glued > index or not _is_misheard(reading, glued, pieces):
                break
            following = Piece(glued, glued, "", WEAK)
        if _is_noon(reading, following, pieces[-1]) or _is_word(reading, following):
            break
        marks += said
        corrected |= sorry
        pieces.append(following)
        index = following.last + 1
    while pieces and pieces[-1].kind == WEAK:
        pieces.pop()
    if all(piece.kind == LETTER and len(piece.value) == 1 for piece in pieces) and len(pieces) < 2:
        return None, index
    return Run(pieces, corrected, marks), max(pieces[-1].last + 1, piece.last + 1)


def _is_misheard(reading: Reading, index: int, pieces: Sequence[Piece]) -> bool:
    """Whether a word in the midst of single digits is one that the recognizer got wrong."""
    word = reading.words[index]
    if not word.isalpha() or word in _NEVER_DIGITS or reading.gap(index) != " ":
        return False
    before = sum(piece.kind == DIGIT for piece in pieces[-4:])
    after, at = 0, index + 1
    while at < len(reading) and after < 4:
        piece = piece_at(reading, at)
        if piece is None or piece.kind not in (DIGIT, NUMBER, ALIKE):
            break
        after, at = after + (piece.kind == DIGIT), piece.last + 1
    return before >= 1 and after >= 1 and before + after >= 4 + (word in _RARELY_DIGITS)


_NEVER_DIGITS = word_set(
    """
    at and or before after until till from with is are was times plus minus divided percent
    degrees minutes minute hours hour seconds second dollars please then of point over
    o'clock million thousand hundred the expires expiring exp cvv cvc pin code extension ext
    call text account routing security number zip apartment apt unit suite flat street road
    avenue lane box card born
    """
)
_RARELY_DIGITS = word_set("by on in it do run for to a i my so")


def _is_word(reading: Reading, letter: Piece) -> bool:
    """Whether "a" or "I" begins a new clause: "8841, I always forget it"."""
    return letter.value in ("a", "i") and "," in reading.gap(letter.first - 1)


def _begins(reading: Reading, piece: Piece) -> bool:
    """A sound-alike begins a run only where digits follow at once."""
    if piece.kind != ALIKE:
        return True
    if piece.last + 1 >= len(reading) or reading.gap(piece.last) != " ":
        return False
    following = piece_at(reading, piece.last + 1)
    return following is not None and following.kind in (DIGIT, NUMBER, WRITTEN)


def _is_noon(reading: Reading, letter: Piece, before: Piece) -> bool:
    """Whether the letter begins "a m" or "p m" after a number."""
    if letter.value not in ("a", "p") or before.kind == LETTER:
        return False
    index = letter.last + 1
    while index < len(reading) and reading.words[index] == letter.value:
        index += 1
    if index >= len(reading) or reading.words[index] != "m":
        return False
    following = piece_at(reading, index + 1) if index + 1 < len(reading) else None
    return following is None or following.kind in (WEAK, ALIKE) or len(reading.gap(index)) > 1


def _goes_on(reading: Reading, weak: Piece, pieces: Sequence[Piece]) -> bool:
    """Whether a sound-alike stands between pieces that are none."""
    before = pieces[-1]
    after = _glue(reading, weak.last + 1)[0] if weak.last + 1 < len(reading) else -1
    following = piece_at(reading, after) if 0 <= after < len(reading) else None
    if following is None or not _touches(reading, weak.last):
        return False
    if weak.value.isdecimal():
        if WRITTEN in (before.kind, following.kind):
            return False
        if before.kind == LETTER:
            return len(pieces) > 1 and following.kind == DIGIT
        long = len(pieces) > 3 or (len(pieces) > 2 and DIGIT in (before.kind, following.kind))
        return long or before.kind == following.kind == DIGIT
    return LETTER in (before.kind, following.kind) and following.kind != WEAK


def _glue(reading: Reading, index: int) -> tuple[int, str, bool]:
    """Skip what may stand inside a code before word `index`.

    Gives the word that comes next (-1: the code ends here), the marks that were skipped and
    whether somebody corrected what came before.
    """
    marks, corrected, skipped = "", False, 0
    if not _touches(reading, index - 1):
        return -1, "", False
    marks += _written_marks(reading.gap(index - 1))
    words = reading.words
    while index < len(words) and skipped < _MOST_GLUE:
        word = words[index]
        length = 0
        if word in FILLERS:
            length = 1
        elif word in MARKS:
            length = 1
            marks += MARKS[word]
        elif word in CORRECTING and (length := _phrase(reading, index, CORRECTIONS)):
            corrected = True
        elif corrected and word in _RESUMING:
            length = 1
        elif word in PAUSING:
            length = _phrase(reading, index, PAUSES)
            if word == "and" and length == 1 and not _joins_digits(reading, index):
                length = 0
        if not length:
            break
        index += length
        skipped += 1
        if not _touches(reading, index - 1):
            return -1, "", False
    return index, marks, corrected


def _joins_digits(reading: Reading, index: int) -> bool:
    """Whether "and" stands between two single spoken digits."""
    words = reading.words
    if index > 1 and words[index - 2] in TENS:
        return False
    if index + 2 < len(words) and words[index + 2] in SCALES:
        return False
    return index + 1 < len(words) and all(
        SAYS.get(words[side], ("", ""))[0] == DIGIT for side in (index - 1, index + 1)
    )


def _phrase(reading: Reading, index: int, phrases: tuple[tuple[str, ...], ...]) -> int:
    return next((len(words) for words in phrases if reading.has(index, words)), 0)


def _touches(reading: Reading, index: int) -> bool:
    """Whether a code may go on after word `index`, by what is written there."""
    gap = reading.gap(index)
    if gap == " ":
        return True
    if len(gap) > 4 or any(mark in '?!;\n"=+%$€£*&<>|@' for mark in gap):
        return False
    if ". " not in gap:
        return True
    return len(reading.words[index]) <= 2 or reading.words[index] in UNITS


def _written_marks(gap: str) -> str:
    return gap.strip().translate(_DASHES) if gap != " " else ""
