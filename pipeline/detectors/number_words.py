"""The words that say digits and letters, as people say them and as recognizers hear them."""

from __future__ import annotations

from pipeline.detectors.reading import word_set

UNITS = {
    word: index
    for index, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), start=1
    )
} | {"fife": 5, "niner": 9}
ZEROS = frozenset({"zero", "oh", "o", "nought", "naught", "aught", "nil"})
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
TEENS = {word: index for index, word in enumerate(_TEENS.split(), start=10)}
TENS = {
    word: 10 * index
    for index, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
} | {"fourty": 40}
TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}

SOUND_ALIKE = {
    "to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "ait": "8", "won": "1",
    "wun": "1", "tree": "3", "free": "3", "sex": "6", "sicks": "6", "nein": "9", "nigh": "9",
    "tu": "2", "tew": "2", "foe": "4", "hate": "8", "owe": "0", "ow": "0", "fight": "5",
    "sever": "7", "heaven": "7", "tin": "10", "fourth": "4", "sixth": "6",
    "want": "1", "wan": "1", "once": "1", "through": "3", "thre": "3", "sics": "6", "fi": "5",
    "hive": "5", "wand": "1", "sticks": "6", "sit": "6", "sits": "6", "ford": "4", "fork": "4",
    "hero": "0", "threw": "3", "dew": "2", "hide": "8", "wine": "9", "fave": "5", "ought": "0",
}  # fmt: skip
"""What recognizers write for digits; they count only beside digits."""
COMMON = word_set(
    """
    to too for free sex hate fight want once through fourth sixth heaven tin
    """
)
"""Those of them that are said so often that they count only between digits."""

MISHEARD = word_set(
    """
    to too for free tree far floor mine line do street through hate fight age by on it or tool
    heaven here
    """
)
"""What recognizers write for the first or the last digit of a code."""

LETTER_NAMES = {
    "ay": "a", "bee": "b", "be": "b", "cee": "c", "see": "c", "sea": "c", "dee": "d", "ee": "e",
    "ef": "f", "eff": "f", "gee": "g", "aitch": "h", "haitch": "h", "eye": "i", "jay": "j",
    "kay": "k", "el": "l", "ell": "l", "em": "m", "en": "n", "pee": "p", "cue": "q",
    "queue": "q", "are": "r", "ar": "r", "ess": "s", "tea": "t", "tee": "t", "you": "u",
    "yu": "u", "vee": "v", "ex": "x", "why": "y", "wye": "y", "zee": "z", "zed": "z",
}  # fmt: skip
"""What recognizers write for letters; they count only in the midst of a code."""

_ALPHABET = """
    alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike
    november oscar papa quebec romeo sierra tango uniform victor whiskey whisky xray yankee zulu
    """
SPELLING_WORDS = {word: word[0] for word in _ALPHABET.split()}
"""The alphabet of the International Civil Aviation Organization (Annex 10, volume II)."""

MARKS = {
    "dash": "-", "hyphen": "-", "dot": ".", "point": ".", "period": ".", "slash": "/",
    "underscore": "_", "space": " ", "colon": ":", "hash": "#", "stroke": "/", "comma": ",",
}  # fmt: skip

FILLERS = word_set(
    """
    uh um er erm ah hmm eh mm mhm uhm hm like well then also so okay
    """
)
"""What people say while they look for the next digit."""

CORRECTIONS = (
    ("no", "wait"), ("no", "sorry"), ("wait", "no"), ("i", "mean"), ("scratch", "that"),
    ("make", "that"), ("or", "rather"), ("let", "me", "see"), ("hang", "on"), ("hold", "on"),
    ("my", "bad"), ("i'm", "sorry"), ("excuse", "me"), ("no", "it's"), ("sorry", "no"),
    ("no", "i", "mean"), ("no", "that's"), ("not",), ("no",), ("wait",), ("sorry",), ("oops",),
    ("correction",), ("actually",), ("rather",), ("know",), ("pardon",),
)  # fmt: skip
"""What people say when the last digit was wrong, longest of those that begin alike first."""
CORRECTING = frozenset(words[0] for words in CORRECTIONS)
PAUSES = (("and", "then"), ("you", "know"), ("let's", "see"), ("followed", "by"), ("and",))
PAUSING = frozenset(words[0] for words in PAUSES)
