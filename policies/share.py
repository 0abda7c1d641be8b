"""What of an intent could leave the device at all, if a policy shared it: its closed part."""

from __future__ import annotations

from assistant.types import Choice, Number, Placeholder, RedactedIntent, Release, Words


def closed_slots(intent: RedactedIntent) -> dict[str, str | float]:
    """The slots in closed form: choices, numbers, and a placeholder's type. Free words stay."""
    closed: dict[str, str | float] = {}
    for name, slot in intent.slots.items():
        match slot:
            case Choice(value) | Number(value):
                closed[name] = value
            case Placeholder(type=kind):
                closed[name] = f"<{kind}>"
            case Words():
                pass
    return closed


def sent_words(intent: RedactedIntent) -> list[str]:
    """All that would leave, as strings: the intent's name and the values of its closed slots."""
    values = closed_slots(intent).values()
    return [intent.name, *(f"{value:g}" if isinstance(value, float) else value for value in values)]


def released_slots(release: Release) -> dict[str, str | float]:
    """The slots that leave with a release; free words among them, where the policy named them."""
    words = {
        name: slot.value for name, slot in release.intent.slots.items() if isinstance(slot, Words)
    }
    return {**closed_slots(release.intent), **words}
