"""What a recognizer, and a speaker, do to a sentence."""

from __future__ import annotations

import random

from names_sounds import sound_alike, taken_apart

Piece = tuple[str, str]
Marked = tuple[str, tuple[tuple[int, int, str], ...]]

_FILLERS = ("um", "uh", "er", "hmm", "like", "you know", "i mean", "well")
_OPENERS = (
    "okay", "so", "um", "uh", "hey", "please", "alexa", "hey jarvis", "computer", "okay google",
    "hey google", "siri", "hey siri", "well", "yeah", "right", "now", "and", "oh", "listen", "hi",
    "hello", "can you", "could you", "could you please", "i want you to", "i'd like you to",
    "i need you to", "would you", "go ahead and", "just", "olly", "quick", "actually", "look",
)  # fmt: skip
_CLOSERS = (
    "please", "thanks", "thank you", "now", "okay", "right now", "for me", "if you can",
    "would you", "quickly", "when you can", "asap", "today", "will you", "cheers", "again",
)  # fmt: skip
_CORRECTIONS = ("no wait", "i mean", "sorry", "no", "scratch that", "actually", "wait no")
_SOUNDS = {
    "to": "two too", "two": "to too", "for": "four", "four": "for", "by": "buy bye", "buy": "by",
    "hi": "high", "their": "there", "there": "their", "know": "no", "no": "know", "write": "right",
    "right": "write", "read": "red", "red": "read", "meet": "meat", "son": "sun", "sun": "son",
    "hour": "our", "our": "are hour", "are": "our", "ate": "eight", "eight": "ate", "won": "one",
    "one": "won", "week": "weak", "mail": "male", "here": "hear", "hear": "here", "your": "you're",
    "whose": "who's", "who's": "whose", "its": "it's", "than": "then", "then": "than",
    "call": "all cole",
    "text": "tax next", "tell": "till", "ask": "as", "add": "ad and", "play": "plate pay",
    "what's": "whats",
    "in": "and", "and": "in an", "the": "a", "a": "the", "is": "as", "remind": "remain",
    "at": "that",
    "with": "which", "that": "the", "i'm": "im", "i'll": "ill", "from": "for", "reply": "rely",
    "email": "e mail", "text message": "text", "birthday": "birth day", "he": "she",
    "my": "mai me", "will": "we'll", "this": "dis", "of": "off", "off": "of", "on": "and",
    "or": "are", "send": "sent",
    "light": "like", "lights": "light", "weather": "whether", "new": "knew", "dear": "deer",
}  # fmt: skip
_LETTERS = (
    ("ph", "f"), ("ck", "k"), ("k", "c"), ("c", "k"), ("ie", "y"), ("y", "ie"), ("ee", "ea"),
    ("ll", "l"), ("l", "ll"), ("nn", "n"), ("n", "nn"), ("tt", "t"), ("s", "z"), ("z", "s"),
    ("sch", "sh"),
    ("th", "t"), ("a", "e"), ("e", "a"), ("i", "e"), ("o", "a"), ("u", "o"), ("v", "w"), ("w", "v"),
    ("j", "y"), ("x", "ks"), ("er", "a"), ("a", "er"), ("d", "t"), ("b", "p"), ("g", "k"),
    ("ai", "ay"),
)  # fmt: skip


def misheard(word: str, rng: random.Random) -> str:
    """A name as a recognizer might write it: another spelling of nearly the same sound."""
    found = [(old, new) for old, new in _LETTERS if old in word]
    if not found or len(word) < 4 or not word.isalpha():
        return word
    old, new = rng.choice(found)
    at = rng.choice([i for i in range(len(word)) if word.startswith(old, i)])
    return word[:at] + new + word[at + len(old) :]


def _is_odd(word: str, label: str) -> bool:
    """Whether a recognizer may write everyday words in its place: a name, or a long medicine."""
    return word.isalpha() and (label == "PERSON" or (label == "MEDICAL" and len(word) > 7))


def spell(word: str) -> str:
    """The letters of a word, apart."""
    return " ".join(letter for letter in word if letter.isalpha())


def _framed(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    for _ in range(2):
        if rng.random() < 0.14:
            pieces = [*((word, "") for word in rng.choice(_OPENERS).split()), *pieces]
    if rng.random() < 0.12:
        pieces = [*pieces, *((word, "") for word in rng.choice(_CLOSERS).split())]
    return pieces


def spoken_noise(pieces: list[Piece], rng: random.Random) -> Marked:
    """Lower case, without punctuation, with what recognizers get wrong."""
    pieces = _framed(pieces, rng)
    rate = rng.choice((0.0, 0.0, 0.01, 0.03, 0.06))
    apart = 0.5 if rng.random() < 0.13 else 0.015
    out: list[Piece] = []
    for index, (raw, label) in enumerate(pieces):
        word = raw.lower().rstrip(",")
        if word[:1] == "\x01" and word[1:].isalpha() and rng.random() < apart * 0.6:
            out += [("\x01" + part, label) for part in taken_apart(word[1:], rng).split()]
            continue
        inside = bool(label) and index > 0 and pieces[index - 1][1] == label
        if not label and rng.random() < rate * 0.7:
            continue
        if not label and word in _SOUNDS and rng.random() < rate:
            word = rng.choice(_SOUNDS[word].split())
        elif not label and len(word) > 3 and rng.random() < rate * 0.5:
            word = sound_alike(word, rng)
        if label not in {"", "CODE"} and rng.random() < 0.06:
            word = misheard(word, rng)
        elif _is_odd(word, label) and rng.random() < apart:
            out += [(part, label) for part in taken_apart(word, rng).split()]
            continue
        if word.endswith("'s") and rng.random() < 0.35:
            word = word[:-2] + ("s" if rng.random() < 0.6 else "")
        elif label == "PERSON" and rng.random() < 0.012 and word.isalpha():
            word += "s"
        if rng.random() < rate:
            out += [(part, label if inside else "") for part in rng.choice(_FILLERS).split()]
        out.append((word, label))
        if rng.random() < rate * 0.6:
            out.append((word, label))
        if rng.random() < rate * 0.2 and not label:
            out += [(part, "") for part in rng.choice(_CORRECTIONS).split()]
            out += out[-3:-1] if not any(label for _, label in out[-3:-1]) else []
    return _joined([(word.lower(), label) for word, label in out or pieces])


def written(pieces: list[Piece], rng: random.Random) -> Marked:
    """As Whisper writes: sentences with case and punctuation, which can't be relied on."""
    pieces = _framed(pieces, rng)
    cased = rng.random()
    out: list[Piece] = []
    last = len(pieces) - 1
    for index, (word, label) in enumerate(pieces):
        text = word
        named = label in {"PERSON", "LOCATION", "ORGANIZATION"} or word[:1] == "\x01"
        if label == "PERSON" and rng.random() < 0.03:
            text = misheard(text, rng)
        text = text.replace("\x01", "")
        if cased < 0.75 and (named or text in _ALWAYS) and rng.random() < 0.95:
            text = text[:1].upper() + text[1:]
        if cased > 0.96:
            text = text.title()
        if text.split("'")[0] == "i" and cased < 0.9:
            text = "I" + text[1:]
        if index == 0 and cased < 0.9:
            text = text[:1].upper() + text[1:]
        if index < last and text.lower() in {"okay", "so", "um", "uh", "hey", "hi", "hello"}:
            text += rng.choice(("", ",", ","))
        elif index == last:
            text += rng.choice((".", ".", ".", "?", "", "", "!"))
        elif rng.random() < 0.02:
            text += ","
        out.append((text, label))
    return _joined(out)


_ALWAYS = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december christmas easter english french""".split()
)


def _joined(pieces: list[Piece]) -> Marked:
    text = ""
    spans: list[tuple[int, int, str]] = []
    for raw, label in pieces:
        word = raw.replace("\x01", "")
        if not word:
            continue
        if text:
            text += " "
        start = len(text)
        text += word
        if label:
            end = start + len(word.rstrip(".,?!"))
            if spans and spans[-1][2] == label and spans[-1][1] + 1 == start:
                start = spans.pop()[0]
            spans.append((start, end, label))
    return text, tuple(spans)
