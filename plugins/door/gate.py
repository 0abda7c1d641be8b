"""Judges every message anew by the policy files that the door reads itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, TypeAlias

from assistant.errors import DoorError
from assistant.types import Slot
from plugins.door.alarms import AlarmKind
from plugins.door.payload import PublicIds, payload
from plugins.door.wire import Send, Value, value_of
from policies.closed import misfit, sent_slots
from policies.decide import stops
from policies.model import Policy
from policies.shared import SharedIntent


class PolicyInForce(Protocol):
    """The policy files, watched: `policies.load.Policies`."""

    @property
    def policy(self) -> Policy:
        """What decisions are made by."""
        ...

    @property
    def alarm(self) -> str | None:
        """Why the files are not in force, as one line for people."""
        ...

    def changed(self) -> bool:
        """Whether a file was edited since it was read."""
        ...

    def reload(self) -> bool:
        """Read the files again."""
        ...


@dataclass(frozen=True, slots=True)
class Cleared:
    """A message as it may leave."""

    destination: str
    public_id: str
    payload: bytes
    do: Literal["tell", "ask"]


@dataclass(frozen=True, slots=True)
class Turned:
    """A message that does not leave: never, or not now."""

    kind: AlarmKind
    detail: str

    @property
    def is_for_good(self) -> bool:
        """Whether it is no use to try again."""
        return self.kind == "misfit"


Verdict: TypeAlias = Cleared | Turned


@dataclass(slots=True)
class _Day:
    """What went to each destination on one day: digests by public id."""

    date: date | None = None
    sent: dict[str, dict[str, bytes]] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    """Public ids that the broker acknowledged."""


class Gate:
    """The closed schemas, and how much each destination got today.

    It trusts nothing that the core says: the destination and the intent have to stand in the
    policy, every value has to be described there, and what is published is written anew from
    those values. Consents are the core's to check; their record is in the store, which the door
    does not have.
    """

    def __init__(
        self, policies: PolicyInForce, ids: PublicIds, now: Callable[[], datetime]
    ) -> None:
        """`now` gives the moment with its offset from UTC."""
        self._policies = policies
        self._ids = ids
        self._now = now
        self._today = _Day()

    def judge(self, message: Send) -> Verdict:
        """Clear a message or turn it away; for good only by files that are in force."""
        if self._policies.changed():
            self._policies.reload()
        verdict = self._by(self._policies.policy, message)
        alarm = self._policies.alarm
        if isinstance(verdict, Turned) and verdict.is_for_good and alarm is not None:
            return Turned("policy", alarm[:300])
        return verdict

    def was_delivered(self, public_id: str) -> bool:
        """Whether the broker has it: to publish it again would tell more than its budget."""
        return public_id in self._today.delivered

    def delivered(self, public_id: str) -> None:
        """The broker has it."""
        self._today.delivered.add(public_id)

    def _by(self, policy: Policy, message: Send) -> Verdict:
        shared = _shared(policy, message)
        if isinstance(shared, Turned):
            return shared
        if not message.slots.keys() <= shared.slots.keys():
            # Its name is the core's, so it is not repeated.
            return Turned("misfit", f"a slot that is not shared with {message.destination}")
        slots: dict[str, Slot] = {name: value.slot() for name, value in message.slots.items()}
        if (reason := misfit(shared, slots)) is not None:
            return Turned("misfit", reason)
        moment = self._now()
        if (stopped := stops("sharing", policy, moment)) is not None:
            return Turned("muted", stopped.rule)
        public_id = self._ids.of(message.id)
        try:
            written = payload(public_id, message.intent, _values(shared, slots))
        except DoorError as error:
            return Turned("misfit", str(error))
        most = policy.sharing[message.destination].budget.messages_per_day
        refused = self._count(message.destination, public_id, written, moment.date(), most)
        return refused or Cleared(message.destination, public_id, written, message.do)

    def _count(
        self, destination: str, public_id: str, written: bytes, today: date, most: int
    ) -> Turned | None:
        """Count a message, once however often it is sent; turn it away where it is too many."""
        if self._today.date != today:
            self._today = _Day(today)
        sent = self._today.sent.setdefault(destination, {})
        digest = hashlib.blake2b(written, digest_size=16).digest()
        if public_id in sent:
            same = sent[public_id] == digest
            return None if same else Turned("misfit", "another message with an id used before")
        if len(sent) >= most:
            return Turned("budget", f"{destination} had its {most} messages of today")
        sent[public_id] = digest
        return None


def _shared(policy: Policy, message: Send) -> SharedIntent | Turned:
    described = policy.sharing.get(message.destination)
    if described is None:
        return Turned("misfit", "no destination of this name in the policy")
    shared = described.intents.get(message.intent)
    if shared is None:
        return Turned("misfit", f"an intent that is not shared with {message.destination}")
    return shared


def _values(shared: SharedIntent, slots: dict[str, Slot]) -> dict[str, Value]:
    """What is written of the slots: numbers on their steps, so that nothing hides behind them."""
    return {name: value_of(slot) for name, slot in sent_slots(shared, slots).items()}
