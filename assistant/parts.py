"""What an assistant is made of, beside its ear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from assistant.confirming import Confirming
from assistant.events import Decided, Event
from assistant.skill import Ask, Reply
from assistant.types import (
    Confirm,
    Grant,
    RedactedIntent,
    RedactedTranscript,
    Refusal,
    Utterance,
)
from pipeline.ports import Detector, Parser, Voice
from pipeline.reading_needs import Needs
from pipeline.redact import Originals
from policies.model import Stop


class Skills(Protocol):
    """Who does what an intent asks for."""

    async def handle(
        self,
        intent: RedactedIntent,
        ask: Ask | None = None,
        opened: Mapping[str, str] | None = None,
    ) -> Reply:
        """Do it and answer; raise SkillError with no speech in it. `ask` asks the person back.

        `opened`: by placeholder, what it stands for, where the policy opens it.
        """
        ...

    def misunderstood(self) -> Reply:
        """What to say where no intent was found."""
        ...

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Let skills speak on their own (a timer that ends) until cancelled."""
        ...


class Keep(Protocol):
    """Keeps of utterances what may be kept."""

    def __call__(
        self,
        utterance: Utterance,
        redacted: RedactedTranscript,
        intent: RedactedIntent | None,
        decision: Decided | None,
        also: Sequence[tuple[RedactedIntent, Decided]] = (),
    ) -> Sequence[Event]:
        """Keep it, and say what that was. Never raises. `also`: what was asked beside it."""
        ...


class Opens(Protocol):
    """Opens placeholders to the skill that answers."""

    def __call__(self, intent: RedactedIntent, originals: Originals) -> Mapping[str, str]:
        """By placeholder, what it stands for: those that the policy opens. Never raises."""
        ...


class Cuts(Protocol):
    """Finds several commands in one sentence."""

    def __call__(
        self, transcript: RedactedTranscript, whole: RedactedIntent | None
    ) -> Sequence[RedactedIntent]:
        """The commands; empty where there are not several. `whole`: what all of it is."""
        ...


class Forgets(Protocol):
    """Somebody who may be asked to forget what was said last."""

    forget_talk: Callable[[], None]
    """What it calls so that the conversation is forgotten."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an intent."""

    reply: Reply | None
    decision: Decided | None = None
    """The last word about it."""
    also: Sequence[tuple[RedactedIntent, Decided]] = ()
    """What else was asked for in the same breath, and the last word about that."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an assistant is made of, beside its ear."""

    detectors: Callable[[], Sequence[Detector]]
    """What finds private things, by the policy in force."""
    parser: Parser
    decide: Callable[[RedactedIntent], Grant | Confirm | Refusal]
    skills: Skills
    voice: Voice | None = None
    """None: replies are reported and not spoken."""
    keep: Keep | None = None
    """Keeps what a policy allows; None: nothing is kept."""
    outside: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)
    """Runs skills in processes of their own, while the assistant is entered."""
    confirming: Confirming = field(default_factory=Confirming)
    """Asks for a PIN or a button."""
    is_stopped: Callable[[Stop], bool] = lambda _what: False
    """Whether a policy's quiet hours or mute stop something now."""
    opens: Opens = lambda _intent, _originals: {}
    """Opens placeholders, where the policy agrees."""
    several: Cuts = lambda _transcript, _whole: ()
    """Finds several commands in one sentence."""
    diary: Forgets | None = None
    """Forgets what was said last when it is told to."""
    wake_phrases: Sequence[str] = ()
    """What wakes us: where we say it ourselves, we don't listen."""
    hush: Callable[[], bool] = lambda: False
    """Ends what rings; whether anything did."""
    release: Callable[[RedactedIntent], None] = lambda _intent: None
    """Takes a granted intent over for those it is shared with; at once, and without an error."""
    steady: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while an utterance is dealt with: the house becomes another between two."""
    needs: Needs | None = None
    """Who knows which words a command needs; None: what is found is redacted."""
