"""What a plugin author writes with: Skill, Intent, Reply.

lamp = Skill(
    name="lamp",
    sentences={"TurnOn": ["turn on [the] {lamp}"]},
    choices={"lamp": ["desk lamp", "kitchen lamp"]},
)

@lamp.on("TurnOn")
async def turn_on(intent: Intent) -> Reply:
    return Reply(f"The {intent['lamp']} is on.")
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from assistant.types import Choice, Number, Placeholder, Slot, Words

Plain: TypeAlias = str | int | float
"""A slot's value as a skill and an event see it."""


def plain(slot: Slot) -> Plain:
    """The value of a slot: text, a number (whole where it can be), or a placeholder's name."""
    match slot:
        case Choice(value) | Words(value):
            return value
        case Number(value):
            return int(value) if float(value).is_integer() else value
        case Placeholder(name=name):
            return name


@dataclass(frozen=True, slots=True)
class Intent(Mapping[str, Plain]):
    """What is wanted, as plain values. A redacted slot is its placeholder: PERSON_1."""

    name: str
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """The same, with what kind of value each is."""
    response: str = "default"
    """Which of the intent's reply templates fits what was said."""

    def __getitem__(self, slot: str) -> Plain:
        return plain(self.slots[slot])

    def __iter__(self) -> Iterator[str]:
        return iter(self.slots)

    def __len__(self) -> int:
        return len(self.slots)

    def text(self, slot: str) -> str | None:
        """The slot as text, or None where it was not said."""
        return str(self[slot]) if slot in self.slots else None

    def number(self, slot: str) -> float | None:
        """The slot as a number, or None where it was not said or is none."""
        value = self.slots.get(slot)
        return value.value if isinstance(value, Number) else None


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. Placeholders in it are spoken as what they stand for. Empty: silence."""

    text: str = ""


Handler: TypeAlias = Callable[[Intent], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Skill:
    """Something the assistant can do, and the sentences that ask for it."""

    name: str
    sentences: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Templates by intent, in Home Assistant's template language."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What may stand for each {list} in them; an empty list: any words."""
    handlers: dict[str, Handler] = field(default_factory=dict, repr=False)
    """By intent; filled by `on`."""

    def on(self, *intents: str) -> Callable[[Handler], Handler]:
        """Make the decorated coroutine function the answer to these intents."""

        def register(handler: Handler) -> Handler:
            for intent in intents:
                if intent in self.handlers:
                    raise ValueError(f"skill {self.name}: two handlers for {intent}")
                self.handlers[intent] = handler
            return handler

        return register
