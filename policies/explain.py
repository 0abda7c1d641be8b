"""Says why something may or may not be done, sent or kept: the decision, and what led to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from assistant.types import Confirm, Decision, RedactedIntent, Refusal, Slot
from policies.closed import day_bits, message_bits, slot_values
from policies.consents import Consents, every_consent
from policies.cover import lapse
from policies.decide import act, keep, open_to, release, why
from policies.gates import Thing, rules_for
from policies.model import HOME, HOUSEHOLD, Consent, Policy
from policies.shared import SharedSlot
from policies.values import iso_duration


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision in words."""

    question: str
    effect: Literal["allow", "confirm", "refuse"]
    rule: str
    """What decided, with its file and key."""
    because: tuple[str, ...]
    """What was looked at, in order."""


@dataclass(frozen=True, slots=True)
class Case:
    """What every question is asked of."""

    policy: Policy
    consents: Consents
    moment: datetime
    location: str | None = None
    subject: str = HOUSEHOLD


def asked(name: str, slots: Mapping[str, Slot]) -> RedactedIntent:
    """An intent that nobody said, to ask what would become of it."""
    return RedactedIntent(0, name, slots)


def explain_act(intent: RedactedIntent, things: Iterable[Thing], case: Case) -> Explanation:
    """Why an intent is acted on here, or not."""
    policy = case.policy
    decision = act(intent, things, policy, case.moment, location=case.location)
    rules = rules_for(intent.name, policy, case.moment, case.location)
    because = [
        f"{policy.source('gating', 'rules', name)}: {rule.confirm}"
        + (f" for {', '.join((*rule.domains, *rule.device_classes))}" if rule.domains else "")
        for name, rule in rules.items()
    ]
    otherwise = policy.source("gating", "otherwise")
    because.append(f"{otherwise}: {policy.gating.otherwise} for what no rule names")
    return _explanation(f"act on {intent.name}", decision, because)


def explain_release(intent: RedactedIntent, destination: str, case: Case) -> Explanation:
    """Why an intent may go to a destination, or not, and what of it may."""
    decision = release(
        intent,
        destination,
        case.policy,
        case.consents,
        case.moment,
        sent_today=0,
        subject=case.subject,
        location=case.location,
    )
    because = list(_destination(intent.name, destination, case))
    return _explanation(f"send {intent.name} to {destination}", decision, because)


def explain_keep(category: str, purpose: str, case: Case) -> Explanation:
    """Why a category may be kept for a purpose, or not."""
    decision = keep(
        category,
        purpose,
        case.subject,
        case.policy,
        case.consents,
        case.moment,
        location=case.location,
    )
    because: list[str] = []
    entry = ("retention", category, purpose)
    retention = case.policy.retention.get(category, {}).get(purpose)
    if retention is not None:
        period = iso_duration(retention.retention_period)
        because.append(f"{case.policy.source(*entry)}: {period}")
    because += _consents(case, lambda one: (one.personal_data, one.purpose) == (category, purpose))
    return _explanation(f"keep {category} of {case.subject} for {purpose}", decision, because)


def explain_opening(skill: str, kind: str, case: Case) -> Explanation:
    """Why a skill may read what a placeholder of this type stands for, or not."""
    decision = open_to(skill, kind, case.policy)
    rule = case.policy.skills.get(skill)
    because = [
        f"skills that may open anything: {', '.join(case.policy.skills) or 'none'}"
        if rule is None
        else f"{case.policy.source('skills', skill)}: {', '.join(rule.opens)}"
    ]
    because.append("its manifest must ask for it, and name no host")
    return _explanation(f"open {kind} to skill {skill}", decision, because)


def purposes_of(category: str, policy: Policy) -> tuple[str, ...]:
    """The purposes for which a category has a retention or a consent."""
    named = [one.purpose for one in policy.consent.values() if one.personal_data == category]
    return tuple(dict.fromkeys((*policy.retention.get(category, {}), *named)))


def _explanation(question: str, decision: Decision, because: list[str]) -> Explanation:
    effect: Literal["allow", "confirm", "refuse"] = "allow"
    if isinstance(decision, Confirm):
        effect = "confirm"
        because.append(f"the yes is given by {decision.by}; silence is no")
    elif isinstance(decision, Refusal):
        effect = "refuse"
    return Explanation(question, effect, why(decision), tuple(because))


def _destination(intent: str, destination: str, case: Case) -> Iterator[str]:
    to = case.policy.sharing.get(destination)
    if to is None:
        known = ", ".join(case.policy.sharing) or "none"
        yield f"the destinations are: {known}"
        return
    source = case.policy.source("sharing", destination)
    yield f"{source}: for {to.purpose}; kept there {iso_duration(to.retention_period)}"
    yield from _consents(case, lambda one: one.recipient == destination)
    shared = to.intents.get(intent)
    if shared is None:
        yield f"the intents shared are: {', '.join(to.intents) or 'none'}"
        return
    for name, slot in shared.slots.items():
        values = slot_values(slot)
        count = str(values) if values < 10**9 else "very many"
        yield f"slot {name}: {describe_slot(slot)} ({count} possible, unsaid among them)"
    yield "any other slot stops it"
    yield (
        f"{message_bits(to):.1f} bits a message (budget {to.budget.bits_per_message:g}), "
        f"{day_bits(to):.1f} a day (budget {to.budget.bits_per_day:g}), "
        f"at most {to.budget.messages_per_day} messages a day"
    )


def _consents(case: Case, is_about: Callable[[Consent], bool]) -> Iterator[str]:
    found = False
    for id_, consent in every_consent(case.policy, case.consents).items():
        if is_about(consent):
            found = True
            state = lapse(consent, case.moment, case.location) or "holds"
            source = case.policy.source("consent", id_)
            yield f"{source}: {_consent_words(consent)}: {state}"
    if not found:
        yield "no consent is about this"


def _consent_words(consent: Consent) -> str:
    to = f" to {consent.recipient}" if consent.recipient != HOME else ""
    return f"{consent.personal_data} of {consent.data_subject} for {consent.purpose}{to}"


def describe_slot(slot: SharedSlot) -> str:
    """What a slot may carry, in words."""
    if slot.omit:
        return "left out"
    parts = []
    if slot.choices is not None:
        parts.append(f"one of {', '.join(slot.choices)}")
    if slot.range is not None:
        numbers = slot.range
        parts.append(f"{numbers.minimum:g} to {numbers.maximum:g} by {numbers.step:g}")
    if slot.placeholders is not None:
        parts.append(f"that it was a {' or '.join(slot.placeholders)}")
    if slot.words is not None:
        parts.append(f"free speech of at most {slot.words} letters")
    return "; or ".join(parts)
