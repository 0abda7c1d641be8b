"""Decides about what was asked for, and does it: all of it, or nothing of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.errors import AssistantError
from assistant.events import Decided, Effect, Report
from assistant.parts import Outcome, Parts
from assistant.skill import Ask, Reply
from assistant.types import Confirm, Grant, RedactedIntent, Refusal
from pipeline.redact import Originals
from policies.model import STRICTNESS

_EFFECTS: Mapping[type, Effect] = {Grant: "allow", Confirm: "confirm", Refusal: "refuse"}


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever spoke, to be asked back."""

    confirm: Callable[[Confirm], Awaitable[bool]]
    ask: Ask


async def act(
    intents: Sequence[RedactedIntent],
    originals: Originals,
    person: Person,
    parts: Parts,
    report: Report,
    fail: Callable[[int, Exception], None],
) -> Outcome:
    """Do what was asked for in one breath, if each of it is allowed; ask for a yes once.

    What was private is forgotten before a skill runs, but for what the policy opens to it. A
    skill that fails gets an apology said for it, and `fail` is told.
    """
    decisions = [parts.decide(intent) for intent in intents]
    hardest = max(decisions, key=_hardness)
    said = [_together(decided(*each), hardest) for each in zip(intents, decisions, strict=True)]
    _tell(said, report)
    if isinstance(hardest, Refusal):
        none = "I'm not allowed to do that."
        some = "I'm not allowed to do all of that, so I did none of it."
        return _outcome(Reply(none if len(intents) == 1 else some), intents, said)
    if isinstance(hardest, Confirm):
        if not await person.confirm(hardest):
            return _outcome(Reply("Then I leave it."), intents, said)
        said = [dataclasses.replace(one, effect="allow") for one in said]
        _tell(said, report)
    opened = [parts.opens(intent, originals) for intent in intents]
    originals.forget()
    replies: list[str] = []
    for intent, open_ in zip(intents, opened, strict=True):
        parts.release(intent)
        try:
            handled = parts.skills.handle(intent, person.ask, *((open_,) if open_ else ()))
            replies.append((await handled).text)
        except AssistantError as error:
            fail(intent.utterance_id, error)
            replies.append(f"Sorry, {'that' if len(intents) == 1 else 'one of these'} didn't work.")
    return _outcome(Reply(joined(replies)), intents, said)


def decided(intent: RedactedIntent, decision: Grant | Confirm | Refusal) -> Decided:
    """The event for a decision."""
    return Decided(intent.utterance_id, _EFFECTS[type(decision)], decision.rule)


def joined(replies: Sequence[str]) -> str:
    """Replies one after the other, each a sentence."""
    said = [reply.strip() for reply in replies if reply.strip()]
    return " ".join([*(f"{one.rstrip('.')}." if one[-1].isalnum() else one for one in said[:-1]),
                     *said[-1:]])  # fmt: skip


def _hardness(decision: Grant | Confirm | Refusal) -> int:
    match decision:
        case Grant():
            return STRICTNESS["allow"]
        case Confirm(by=by):
            return STRICTNESS[by]
        case Refusal():
            return STRICTNESS["never"]


def _together(said: Decided, hardest: Grant | Confirm | Refusal) -> Decided:
    """A decision about one of several: what stops one of them stops it, too."""
    effect = _EFFECTS[type(hardest)]
    return said if said.effect == effect else dataclasses.replace(
        said, effect=effect, rule=hardest.rule
    )  # fmt: skip


def _tell(said: Sequence[Decided], report: Report) -> None:
    for one in said:
        report(one)


def _outcome(reply: Reply, intents: Sequence[RedactedIntent], said: Sequence[Decided]) -> Outcome:
    pairs = tuple(zip(intents, said, strict=True))
    return Outcome(reply, said[0], pairs[1:])
