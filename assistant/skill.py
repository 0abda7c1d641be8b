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

from assistant.errors import SkillError
from assistant.types import Choice, Number, Placeholder, Slot, Words

Plain: TypeAlias = str | int | float
"""A slot's value as a skill and an event see it."""
Ask: TypeAlias = Callable[[str, tuple[str, ...], float], Awaitable[str | None]]
"""Puts a question to the person: the text, the answers that count (none: any), the seconds to
wait. Gives the answer, one of those that count; None: no answer."""
Fetch: TypeAlias = Callable[[str, bytes | None], Awaitable[bytes]]
"""Gets an address, or posts a body to it, through the host. Raises SkillError."""
PATIENCE = 8.0
"""Seconds for which an answer is waited."""


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
    originals: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """By placeholder, what it stands for: those only that the owner's policy opens."""
    asking: Ask | None = field(default=None, repr=False, compare=False)
    """How `ask` reaches the person; None: nobody is there."""
    fetching: Fetch | None = field(default=None, repr=False, compare=False)
    """How `fetch` reaches the host's proxy; None: nothing can be reached."""

    @classmethod
    def of(cls, name: str, /, **slots: Plain) -> Intent:
        """An intent as a test makes it: text for a choice, numbers for numbers."""
        kinds = {
            slot: Choice(value) if isinstance(value, str) else Number(float(value))
            for slot, value in slots.items()
        }
        return cls(name, kinds)

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

    def opened(self, slot: str) -> str | None:
        """What a redacted slot stands for, if the manifest asks for it and the policy agrees.

        None where it does not, or where the slot was not redacted.
        """
        value = self.slots.get(slot)
        return self.originals.get(value.name) if isinstance(value, Placeholder) else None

    async def ask(
        self, text: str, expect: Sequence[str] = (), seconds: float = PATIENCE
    ) -> str | None:
        """Ask the person back; no wake word is needed for the answer.

        Gives the one of `expect` that was answered; without `expect`, the redacted words. None:
        silence, "never mind", or anything else.
        """
        if self.asking is None:
            return None
        return await self.asking(text, tuple(expect), seconds)

    async def fetch(self, url: str, body: bytes | None = None) -> bytes:
        """Get an address, or post `body` to it, at one of the hosts that the manifest names.

        Raises SkillError with the host's reason where it can't.
        """
        if self.fetching is None:
            raise SkillError("nothing can be fetched here")
        return await self.fetching(url, body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer. Placeholders in it are spoken as what they stand for. Empty: silence."""

    text: str = ""


Handler: TypeAlias = Callable[[Intent], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Skill:
    """Something the assistant can do: its manifest, and the handlers that `on` adds.

    The manifest of an installed skill is read without running its code, so it is written as
    plain values: text, numbers, lists, dictionaries, and names of such values in its file.
    """

    name: str
    """Small letters, digits, - and _; nobody else's."""
    sentences: Mapping[str, Sequence[str]] | str = field(default_factory=dict)
    """Templates by intent, in Home Assistant's template language; or the name of a YAML file
    beside this one, in its custom-sentence format."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What may stand for each {list} in them; an empty list: any words."""
    opens: Mapping[str, str] = field(default_factory=dict)
    """Redacted slots that it needs to read, and why: {"person": "to place the call"}."""
    hosts: Sequence[str] = ()
    """What it may fetch from, through the host: api.example.org, 192.168.1.5:8443."""
    storage: int = 0
    """Bytes that it may keep in its directory."""
    timeout: float = 5.0
    """Seconds for a reply, without the time that a person or the network takes."""
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
