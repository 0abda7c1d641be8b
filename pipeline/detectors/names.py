"""Finds names, places, employers, medicine and what else only its context gives away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from assistant.types import Finding, Transcript
from pipeline.detectors.context import PublicWords, dated, thresholds
from pipeline.detectors.edges import widened
from pipeline.detectors.names_model import LABELS, MODEL, Floats, NamesModel
from pipeline.detectors.words import Token, tokens

TYPES = tuple(label for label in LABELS if label not in {"", "CODE"})
"""Labels of the model that become findings. Codes are the rules' business: the model knows them
only so that it does not take them for something else."""
THRESHOLD = 0.3
"""Probability from which a word is private: measured, see docs/decisions/names-model.md."""
GROWTH = 0.3
"""Share of the threshold from which a word beside a private one is private too."""
DOUBT = 0.03
"""Probability from which a word at the end of a text may turn out private with the next words."""
_TAIL, _TAIL_WORDS = 200, 14
"""Characters and words of a text that are looked at to tell how it may go on."""
_CLOSING = (".", "?", "!")
WEIGHTS = dict.fromkeys(("EMAIL_ADDRESS", "URL", "SECRET", "ADDRESS", "USERNAME"), 0.5)
"""Factors on scores, 0.7 for others: where a rule finds something too, it knows better what."""
_WRITTEN = frozenset(map(LABELS.index, ("PERSON", "LOCATION", "ORGANIZATION", "MEDICAL")))
"""Labels of words, apart from those of numbers and codes."""


class Names:
    """Finds private words with the names model, and leaves the user's things alone."""

    name = "names"
    types: Collection[str] = TYPES
    cost = 0.25

    def __init__(
        self,
        things: Iterable[str] = (),
        literals: Iterable[str] = (),
        threshold: float = THRESHOLD,
        model: Path = MODEL,
    ) -> None:
        """Load the model.

        `things` are names of devices and areas, never private as such; `literals` the fixed words
        of the installed commands (`context.literal_words`). Raises ModelError where the model is
        missing or damaged.
        """
        self._model = NamesModel(model)
        self._threshold = threshold
        self._public = PublicWords(things, literals)

    def prepare(self, things: Iterable[str], literals: Iterable[str]) -> Callable[[], None]:
        """Make ready for other names and fixed words, on any thread; what comes back uses them."""
        public = PublicWords(things, literals)

        def use() -> None:
            self._public = public

        return use

    def find(self, transcript: Transcript) -> list[Finding]:
        """Every stretch of private words, with the highest probability of its words."""
        return list(self._find(transcript.text.reveal()))

    def begins(self, text: str) -> int | None:
        """The offset of words at the end of the text that may be half of something private."""
        if text.rstrip()[-1:] in _CLOSING:
            return None
        start = max(0, len(text) - _TAIL)
        words = tokens(text[start:])[-_TAIL_WORDS:]
        if not words:
            return None
        private = (1.0 - self._model.probabilities(self._model.inputs(words))[:, 0]).tolist()
        public = self._public.mask(words)
        first = len(words)
        while first and private[first - 1] >= DOUBT and not public[first - 1]:
            first -= 1
        return start + words[first].start if first < len(words) else None

    def _find(self, text: str) -> Iterator[Finding]:
        words = tokens(text)
        if not words:
            return
        inputs = self._model.inputs(words)
        tagged = self._model.probabilities(inputs)
        public = self._public.mask(words)
        least = thresholds(words, self._model.is_known(words, inputs), self._threshold)
        kinds = (tagged[:, 1:].argmax(1) + 1).tolist()
        public = [known or day for known, day in zip(public, dated(words), strict=True)]
        least = _eased(words, tagged, kinds, least)
        for run in _runs(tagged, public, least):
            for first, last in _families(*run, kinds):
                part = tagged[first : last + 1]
                label = LABELS[int(part[:, 1:].sum(0).argmax()) + 1]
                sure = (1.0 - part[:, 0] >= least[first : last + 1]).any()
                first, last = widened(text, words, label, first, last)  # noqa: PLW2901
                start, end = words[first].start, words[last].end
                if label == "MEDICAL" and words[last].is_possessive:
                    end += len("'s")
                if sure and label in TYPES and not _is_clock(text, start, end):
                    score = float(1.0 - part[:, 0].min()) * WEIGHTS.get(label, 0.7)
                    yield Finding(start, end, label, score, self.name, "context")


def _eased(
    words: Sequence[Token], tagged: Floats, kinds: Sequence[int], least: Sequence[float]
) -> list[float]:
    """Thresholds, lower for medicine and in a row with a name ("zara and idris")."""
    sure = (1.0 - tagged[:, 0] >= SURE).tolist()
    eased = [
        bar * MEDICAL_EASE if kind == _MEDICAL else bar
        for bar, kind in zip(least, kinds, strict=True)
    ]
    for index in range(1, len(words) - 1):
        if words[index].key in _JOINS:
            for one, other in ((index - 1, index + 1), (index + 1, index - 1)):
                if sure[one] and kinds[one] == _PERSON == kinds[other]:
                    eased[other] *= EASE
    return eased


SURE = 0.6
"""Probability from which a word is somebody's name for what stands in a row with it."""
EASE, MEDICAL_EASE = 0.65, 0.8
"""Shares of the threshold that are enough beside a name, and for medicine."""
_JOINS = frozenset(("and", "or", "then", "not"))
_PERSON, _MEDICAL = map(LABELS.index, ("PERSON", "MEDICAL"))


def _is_clock(text: str, start: int, end: int) -> bool:
    """Whether these are figures of a time: 12:30:45."""
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    return ":" in beside and text[start:end].isdigit()


def _runs(
    tagged: Floats, public: Sequence[bool], least: Sequence[float]
) -> Iterator[tuple[int, int]]:
    """First and last word of every private stretch.

    A stretch is grown from words above their threshold to their less certain neighbours, so that a
    name is not left half hidden (Canny's two thresholds, 1986).
    """
    private = (1.0 - tagged[:, 0]).tolist()
    count = len(private)
    at = 0
    while at < count:
        if private[at] < least[at] or public[at]:
            at += 1
            continue
        first = last = at
        while (
            first > 0 and private[first - 1] >= least[first - 1] * GROWTH and not public[first - 1]
        ):
            first -= 1
        while (
            last + 1 < count
            and private[last + 1] >= least[last + 1] * GROWTH
            and not public[last + 1]
        ):
            last += 1
        yield first, last
        at = last + 1


def _families(first: int, last: int, kinds: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The stretch cut where words end and a number or code begins: "call Ada | five five five"."""
    begin = first
    for index in range(first + 1, last + 1):
        if (kinds[index] in _WRITTEN) != (kinds[index - 1] in _WRITTEN):
            yield begin, index - 1
            begin = index
    yield begin, last
