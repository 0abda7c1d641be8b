"""The closed schema of what a destination may get: which values fit, and how many there are."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from assistant.types import Choice, Number, Placeholder, RedactedTranscript, Slot, Words
from policies.shared import Destination, NumberRange, SharedIntent, SharedSlot, SharedText

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 '-"
"""What free speech may be made of where it is shared: a placeholder is not."""
PRINTABLE = 95
"""Letters that a shared text may be made of: those of ASCII that print."""
_SPEECH = re.compile(rf"[{re.escape(LETTERS)}]+")
_TEXT = re.compile(r"[ -~]+")


def fits(shared: SharedSlot, slot: Slot) -> bool:
    """Whether a slot has a value that its schema describes."""
    if shared.omit:
        return True
    match slot:
        case Choice(value):
            return value in (shared.choices or ())
        case Number(value):
            return shared.range is not None and _is_step(shared.range, value)
        case Placeholder(type=kind):
            return kind in (shared.placeholders or ())
        case Words(value):
            spoken = _plain(value)
            return (
                shared.words is not None
                and len(spoken) <= shared.words
                and _SPEECH.fullmatch(spoken) is not None
            )


def fits_text(shared: SharedText, transcript: RedactedTranscript) -> bool:
    """Whether a redacted text is short enough, plain, and holds only the types that are named."""
    return (
        len(transcript.text) <= shared.letters
        and _TEXT.fullmatch(transcript.text) is not None
        and all(entity.type in shared.placeholders for entity in transcript.entities)
    )


def misfit(shared: SharedIntent, slots: Mapping[str, Slot]) -> str | None:
    """Why the slots that were said are not just those that are described; None where they are."""
    for name, slot in slots.items():
        described = shared.slots.get(name)
        if described is None:
            return f"not shared: slot {name}"
        if not fits(described, slot):
            return f"not described: the value of slot {name}"
    return None


def sent_slots(shared: SharedIntent, slots: Mapping[str, Slot]) -> dict[str, Slot]:
    """The slots as they are sent: without those left out, in the one form of each value."""
    return {
        name: _sent(shared.slots[name], slot)
        for name, slot in slots.items()
        if not shared.slots[name].omit
    }


def _sent(shared: SharedSlot, slot: Slot) -> Slot:
    """Free speech in small letters; a number just on its step, so that nothing hides behind it."""
    match slot:
        case Words(value):
            return Words(_plain(value))
        case Number(value) if shared.range is not None:
            numbers = shared.range
            steps = round((value - numbers.minimum) / numbers.step)
            return Number(round(numbers.minimum + steps * numbers.step, 9) + 0.0)
    return slot


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def _is_step(numbers: NumberRange, value: float) -> bool:
    if not numbers.minimum <= value <= numbers.maximum:
        return False
    steps = (value - numbers.minimum) / numbers.step
    return abs(steps - round(steps)) < 1e-6


def slot_values(shared: SharedSlot) -> int:
    """How many things a slot can say; that it was not said is one of them."""
    if shared.omit:
        return 1
    count = 1 + len(shared.choices or ()) + len(shared.placeholders or ())
    if shared.range is not None:
        numbers = shared.range
        count += math.floor((numbers.maximum - numbers.minimum) / numbers.step + 1e-6) + 1
    if shared.words is not None:
        count += _texts(len(LETTERS), shared.words)
    return count


def intent_values(shared: SharedIntent) -> int:
    """How many different messages an intent can be."""
    return math.prod(slot_values(slot) for slot in shared.slots.values())


def destination_values(destination: Destination) -> int:
    """How many different messages a destination can get."""
    count = sum(intent_values(shared) for shared in destination.intents.values())
    return count + (_texts(PRINTABLE, destination.text.letters) if destination.text else 0)


def message_bits(destination: Destination) -> float:
    """What one message can tell: log2 of how many it could have been."""
    return math.log2(max(1, destination_values(destination)))


def day_bits(destination: Destination) -> float:
    """What a day can tell: log2 of the sequences of at most as many messages as a day may have.

    With V messages to choose from and M a day these are V^0 + V^1 + ... + V^M.
    """
    most = destination.budget.messages_per_day
    values = destination_values(destination)
    if values <= 1:
        return math.log2(most + 1) if values else 0.0
    bits = message_bits(destination)
    # log2((V^(M+1) - 1) / (V - 1)), without the number itself, which has up to M * bits digits.
    rest = math.log2(-math.expm1(-(most + 1) * bits * math.log(2)))
    return (most + 1) * bits + rest - math.log2(values - 1)


def _texts(letters: int, longest: int) -> int:
    """How many texts of one letter or more there are."""
    return int((letters ** (longest + 1) - letters) // (letters - 1))
