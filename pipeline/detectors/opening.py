"""Tells from where on a text may go on in the next segment: what a pause may have cut in two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.detectors.births import MONTHS
from pipeline.detectors.cues import cue_at
from pipeline.detectors.internet_words import LOCAL_STOPS, SITE_STOPS
from pipeline.detectors.number_words import CORRECTING, FILLERS, MARKS, TIMES
from pipeline.detectors.numbers import Run, find_runs
from pipeline.detectors.reading import Reading, read, word_set
from pipeline.detectors.shapes import is_counted
from pipeline.detectors.street_words import (
    CUES,
    FOREIGN_BEFORE,
    FOREIGN_ENDINGS,
    NO_STREET,
    RIDE_CUES,
    SURE_CUES,
    UNITS,
)
from pipeline.redact import Span

_TAIL = 16
"""Words at the end of a text that are looked at; a span that is found may begin before them."""
_TRAILING = (
    FILLERS
    | CORRECTING
    | MARKS.keys()
    | word_set("and the a i mean wait at of to for in on it's too")
)
_SIGNS = word_set("dot underscore dash hyphen slash at point www")
_MAILING = word_set(
    """
    email e-mail mail write address send forward cc bcc contact invite sign report website
    site open visit link url page github facebook linkedin username handle instagram twitter
    name account login blog channel podcast homepage insta tiktok
    """
)
_CUE_REACH = 7
"""Words after a cue that may be the first of what it announces."""
_WAITING = (
    word_set(
        """
    born birth birthday birthdate dob expires expiring corner username handle
    """
    )
    | (SURE_CUES - RIDE_CUES)
    | UNITS
)
_UNFINISHED = word_set(
    """
    a an my your his her our their i'm he's she's high low type stage chronic severe acute mild
    early late water heart blood kidney liver lung thyroid bladder brain breast bowel skin bone
    knee hip back neck spinal sleeping birth nervous panic eating mental irritable
    """
)
"""Nobody ends with these: more words come, and they may be somebody's illness or name."""
_SAYS = word_set("the is are to was as it's at on")
_NAMES = 4
"""Words of a name, a mailbox or a street that may stand at the end before its telling part."""


def open_from(text: str, spans: Sequence[Span]) -> int | None:
    """The offset of what is still open at the end of the text, or None where nothing is.

    Open are: a span or a number that touches the end, a cue that waits for its value, half an
    address on the net, and words that a street or a mailbox may begin with.
    """
    reading = _end_of(text)
    if not len(reading):
        return None
    begins = [start for start in _open(reading, find_runs(reading), text) if start is not None]
    end = _last_telling(reading)
    if spans and spans[-1].end >= end:
        begins.append(spans[-1].start)
    return min(begins, default=None)


def _end_of(text: str) -> Reading:
    """The last words of the text, with offsets into all of it."""
    start = max(0, len(text) - 40 * _TAIL)
    whole = read(text[start:])
    cut = max(0, len(whole) - _TAIL)
    return Reading(
        text,
        whole.words[cut:],
        [place + start for place in whole.starts[cut:]],
        [place + start for place in whole.ends[cut:]],
    )


def _last_telling(reading: Reading) -> int:
    """Where the last word ends that is no filler and no beginning of a correction."""
    index = len(reading) - 1
    while index > 0 and reading.words[index] in _TRAILING:
        index -= 1
    return reading.ends[index]


def _open(reading: Reading, runs: Sequence[Run], text: str) -> Iterator[int | None]:
    last = len(reading) - 1
    while last > 0 and reading.words[last] in _TRAILING:
        last -= 1
    yield _open_number(reading, runs, last)
    yield _open_street(reading, runs, last)
    yield _open_net(reading)
    if not _is_closed(text):
        yield _open_cue(reading)


def _is_closed(text: str) -> bool:
    """Whether the text ends as a written sentence does, and not with "Apt."."""
    text = text.rstrip()
    return text[-1:] in (".", "?", "!") and len(text[-5:-1].split(" ")[-1]) > 3


def _open_number(reading: Reading, runs: Sequence[Run], last: int) -> int | None:
    """A number or code at the end may have more digits to come."""
    word = reading.words[last]
    run = runs[-1] if runs else None
    if run and run.last >= last and (run.phrases > 1 or not is_counted(reading, run)):
        return reading.starts[run.first]
    if word in TIMES or word in MONTHS or (len(word) == 1 and word not in ("a", "i")):
        return reading.starts[last]
    return None


def _open_street(reading: Reading, runs: Sequence[Run], last: int) -> int | None:
    """ "navigate to fifty six victoria" may go on with "street"."""
    if not runs or runs[-1].last < last - _NAMES or runs[-1].last >= last:
        return None
    run = runs[-1]
    named = NO_STREET.isdisjoint(reading.words[run.last + 1 : last + 1])
    cued = not set(CUES).isdisjoint(reading.words[max(0, run.first - 8) : run.first])
    if named and (cued or run.digits >= 3) and not is_counted(reading, run):
        return reading.starts[run.first]
    return None


def _open_net(reading: Reading) -> int | None:
    """ "write to jane dot" and "my website is carol kurki" may go on."""
    words = reading.words
    for index in range(len(words) - 1, max(-1, len(words) - 5), -1):
        rest = words[index + 1 :]
        begun = words[index] != "at" or not rest or len(rest) == 1 == len(rest[0])
        if words[index] in _SIGNS and begun:
            return reading.starts[max(0, index - _NAMES)]
    first = len(words)
    while first and len(words) - first <= _NAMES and words[first - 1] not in SITE_STOPS:
        first -= 1
    named = 0 < len(words) - first <= _NAMES
    mailed = not _MAILING.isdisjoint(words[max(0, first - 5) : first])
    if mailed and named and words[first - 1] in LOCAL_STOPS | SITE_STOPS:
        return reading.starts[first]
    return None


def _open_cue(reading: Reading) -> int | None:
    """ "my card number is" waits for its number, "he was born on the" for its date."""
    words = reading.words
    for last in range(len(words) - 1, max(-1, len(words) - 1 - _CUE_REACH), -1):
        cue, first = cue_at(reading, last)
        linked = last == len(words) - 1 or words[last + 1] in _SAYS
        if cue is not None and (cue.sure or not _SAYS.isdisjoint(words[last + 1 :])):
            return reading.starts[first]
        if words[last] in FOREIGN_BEFORE or words[last].endswith(FOREIGN_ENDINGS):
            return reading.starts[last]
        if last == len(words) - 1 and words[last] in _UNFINISHED:
            return reading.starts[last]
        if words[last] in _WAITING and (linked or words[last] == "corner"):
            return reading.starts[last]
    return None
