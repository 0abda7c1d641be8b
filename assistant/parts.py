"""What an assistant is made of, beside its ear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

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
from policies.model import Stop


class Skills(Protocol):
    """Who does what an intent asks for."""

    async def handle(self, intent: RedactedIntent, ask: Ask | None = None) -> Reply:
        """Do it and answer; raise SkillError with no speech in it. `ask` asks the person back."""
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
    ) -> Sequence[Event]:
        """Keep it, and say what that was. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an intent."""

    reply: Reply | None
    decision: Decided | None = None
    """The last word about it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an assistant is made of, beside its ear."""

    detectors: Sequence[Detector]
    parser: Parser
    decide: Callable[[RedactedIntent], Grant | Confirm | Refusal]
    skills: Skills
    voice: Voice | None = None
    """None: replies are reported and not spoken."""
    keep: Keep | None = None
    """Keeps what a policy allows; None: nothing is kept."""
    outside: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)
    """Runs skills in processes of their own, while the assistant is entered."""
    is_stopped: Callable[[Stop], bool] = lambda _what: False
    """Whether a policy's quiet hours or mute stop something now."""
    needs: Needs | None = None
    """Who knows which words a command needs; None: what is found is redacted."""
