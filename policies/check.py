"""Proves what a policy can never do, and finds rules that say nothing or contradict each other.

Every combination of the finite domain is enumerated (`policies.domain`): no audio and no
transcript leaves the device, what is allowed has a purpose and a retention, no destination
learns more bits than its budget.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import numpy as np

from policies.check_gates import gate_faults
from policies.closed import day_bits, message_bits
from policies.consents import NONE, Consents, every_consent
from policies.domain import Domain, Reach, domain_of, reaches
from policies.model import HOME, Consent, Place, Policy
from policies.moments import Mask
from policies.shared import Destination, SharedSlot

Level: TypeAlias = Literal["error", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one entry of the policy. A note is no fault."""

    level: Level
    entry: str
    text: str
    place: Place | None


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much a destination can learn, in bits, and how much it may."""

    destination: str
    message_bits: float
    day_bits: float
    message_budget: float
    day_budget: float
    messages: int
    """A day."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found."""

    combinations: int
    allowed: int
    """Of those: kept on the device, or sent."""
    sent: int
    findings: tuple[Finding, ...]
    capacities: tuple[Capacity, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.level == "error" for finding in self.findings)


def check(
    policy: Policy,
    now: datetime,
    consents: Consents = NONE,
    intents: Collection[str] = (),
    openers: Collection[str] | None = None,
) -> Report:
    """Enumerate everything a policy can be asked. `now` has the house's offset from UTC.

    `intents` are those that somebody can ask for; a rule about another one is noted. `openers`:
    the skills here that ask to open something; None: nobody knows.

    Raises PolicyError where that is too much to enumerate.
    """
    domain = domain_of(policy, consents, now)
    reached = [(reach, reach.count()) for reach in reaches(policy, consents, domain)]
    found = [
        *(fault for reach, count in reached if count for fault in _reach_faults(reach, policy)),
        *_consent_faults(policy, consents, domain),
        *_sharing_faults(policy),
        *_redaction_faults(policy),
        *_skill_faults(policy, openers),
        *gate_faults(policy, domain),
        *_waiting(policy, consents),
        *(_unknown(policy, intents) if intents else ()),
    ]
    return Report(
        domain.size,
        sum(count for _, count in reached),
        sum(count for reach, count in reached if reach.destination != HOME),
        tuple(_finding(policy, *each) for each in found),
        tuple(_capacity(name, to) for name, to in policy.sharing.items()),
    )


Fault: TypeAlias = tuple[Level, tuple[str, ...], str]


def _finding(policy: Policy, level: Level, entry: tuple[str, ...], text: str) -> Finding:
    return Finding(level, ".".join(entry), text, policy.place(*entry))


def _capacity(name: str, to: Destination) -> Capacity:
    budget = to.budget
    return Capacity(
        name,
        message_bits(to),
        day_bits(to),
        budget.bits_per_message,
        budget.bits_per_day,
        budget.messages_per_day,
    )


def _reach_faults(reach: Reach, policy: Policy) -> Iterator[Fault]:
    """What is allowed that never may be: read from the array, not from the rules."""
    destination = reach.destination
    if destination != HOME:
        entry = ("sharing", destination)
        if reach.category != "intent":
            yield "error", entry, f"{reach.category} may leave the device to {destination}"
        if destination not in policy.sharing:
            yield "error", entry, f"{reach.category} may go to nobody that is described"
    elif not policy.retention.get(reach.category):
        yield "error", ("consent",), f"{reach.category} is kept without a retention"
    if reach.who[-1].any():
        yield "error", ("consent",), f"{reach.category} is allowed without a purpose"
    if reach.who[:, -1].any():
        yield "error", ("consent",), f"{reach.category} of anybody is allowed"


def _consent_faults(policy: Policy, consents: Consents, domain: Domain) -> Iterator[Fault]:
    """Consents that never say anything, or say what another one says."""
    quiet_keeping = domain.stopped("keeping", policy)
    quiet_sharing = domain.stopped("sharing", policy)
    said: dict[tuple[str, ...], Mask] = {}
    by: dict[tuple[str, ...], list[str]] = {}
    for id_, consent in every_consent(policy, consents).items():
        entry = ("consent", id_)
        if consent.withdrawn is not None:
            yield "note", entry, "was withdrawn: nothing is kept or sent under it"
            continue
        gap = lacking(consent, policy)
        if gap is not None:
            yield "error", entry, gap
        holds = domain.holds(consent)
        if not holds.any():
            yield "error", entry, "contradicts itself: there is no moment at which it holds"
            continue
        quiet = quiet_keeping if consent.recipient == HOME else quiet_sharing
        if not (holds & ~quiet).any():
            yield "error", entry, "contradicts mute or quiet hours: they cover all of its time"
        key = (
            consent.personal_data,
            consent.purpose,
            consent.data_subject,
            consent.recipient,
        )
        before = said.get(key, np.zeros_like(holds))
        if not (holds & ~before).any():
            yield "error", entry, f"is shadowed by {', '.join(by[key])}: it never decides"
        said[key] = before | holds
        by.setdefault(key, []).append(id_)


def lacking(consent: Consent, policy: Policy) -> str | None:
    """What a consent needs beside itself to allow anything."""
    data, purpose, recipient = consent.personal_data, consent.purpose, consent.recipient
    if recipient == HOME:
        kept = purpose in policy.retention.get(data, {})
        return None if kept else f"has no retention: retention.{data}.{purpose}"
    to = policy.sharing.get(recipient)
    if to is None:
        return f"has no destination: sharing.{recipient}"
    if to.purpose != purpose:
        return f"contradicts sharing.{recipient}: the purpose there is {to.purpose}"
    shared = {"transcript": "text", "audio": "audio"}.get(data, "intents")
    return None if getattr(to, shared) else f"has nothing to send: sharing.{recipient}.{shared}"


def _sharing_faults(policy: Policy) -> Iterator[Fault]:
    for name, to in policy.sharing.items():
        entry = ("sharing", name)
        if not to.intents and to.text is None and to.audio is None:
            yield "error", entry, "shares nothing"
        if to.text is not None:
            yield (
                "error",
                (*entry, "text"),
                f"redacted transcripts may leave the device to {name}, under a consent for it",
            )
        if to.audio is not None:
            yield "error", (*entry, "audio"), f"raw sound may leave the device to {name}"
        found = _capacity(name, to)
        budget = (*entry, "budget")
        if found.message_bits > found.message_budget:
            yield "error", budget, _over("a message", found.message_bits, found.message_budget)
        if found.day_bits > found.day_budget:
            yield "error", budget, _over("a day", found.day_bits, found.day_budget)


def _over(what: str, bits: float, budget: float) -> str:
    return f"{what} can carry {bits:.1f} bits; the budget is {budget:g}"


def _redaction_faults(policy: Policy) -> Iterator[Fault]:
    done = policy.redaction.types
    for name in policy.redaction.destinations:
        if name not in policy.sharing:
            unknown = ("redaction", "destinations", name)
            yield "error", unknown, f"has no destination: sharing.{name}"
    for name, to in policy.sharing.items():
        enough = policy.redacts_enough_for(name)
        for entry, slot in _slots(name, to):
            if slot.words is not None and not enough:
                yield "error", entry, "contradicts redaction: free speech is not redacted enough"
            for kind in slot.placeholders or ():
                if done != "all" and kind not in done:
                    yield "error", entry, f"contradicts redaction: {kind} is never redacted"


def _skill_faults(policy: Policy, openers: Collection[str] | None) -> Iterator[Fault]:
    done = policy.redaction.types
    for name, rule in policy.skills.items():
        for kind in rule.opens:
            if done != "all" and kind not in done:
                yield "error", ("skills", name), f"contradicts redaction: {kind} is never redacted"
        if openers is not None and name not in openers:
            yield "note", ("skills", name), f"no skill {name} here asks to open anything"


def _slots(name: str, to: Destination) -> Iterator[tuple[tuple[str, ...], SharedSlot]]:
    for intent, shared in to.intents.items():
        for slot_name, slot in shared.slots.items():
            yield ("sharing", name, "intents", intent, "slots", slot_name), slot


def _unknown(policy: Policy, intents: Collection[str]) -> Iterator[Fault]:
    """Names that no sentence leads to: perhaps a slip of the pen."""
    for name, rule in policy.gating.rules.items():
        for intent in rule.intents:
            if not intent.endswith("*") and intent not in intents:
                yield "note", ("gating", "rules", name), f"no sentence here asks for {intent}"
    for name, to in policy.sharing.items():
        for intent in to.intents:
            if intent not in intents:
                entry = ("sharing", name, "intents", intent)
                yield "note", entry, f"no sentence here asks for {intent}"


def _waiting(policy: Policy, consents: Consents) -> Iterator[Fault]:
    """Rules that no consent uses yet: it may still be given, so these are notes."""
    given = every_consent(policy, consents).values()
    kept = {(one.personal_data, one.purpose) for one in given if one.recipient == HOME}
    sent = {one.recipient for one in given}
    for category, by_purpose in policy.retention.items():
        for purpose in by_purpose:
            if (category, purpose) not in kept:
                yield "note", ("retention", category, purpose), "waits for a consent"
    for name in policy.sharing:
        if name not in sent:
            yield "note", ("sharing", name), "waits for a consent"
    if policy.gating.otherwise == "never" and not policy.gating.rules:
        text = "no act is allowed; `extends: household` brings the rules that ship"
        yield "note", ("gating", "otherwise"), text
