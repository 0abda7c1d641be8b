"""Which gating rule fits an act, and what of the house makes it risky."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.types import Choice, Placeholder, RedactedIntent
from policies.model import STRICTNESS, GatingRule, Policy
from policies.windows import is_here, is_open


class Thing(Protocol):
    """What the decision needs to know of a device."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def domain(self) -> str: ...  # noqa: D102
    @property
    def device_class(self) -> str | None: ...  # noqa: D102
    @property
    def area(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Fit:
    """A rule that fits an act, and what of the act it is about."""

    name: str
    rule: GatingRule
    kind: str
    """A domain, a class of device, or the rule's own name."""


def names_intent(rule: GatingRule, intent: str) -> bool:
    """Whether a rule is about this intent."""
    return any(
        intent.startswith(pattern[:-1]) if pattern.endswith("*") else intent == pattern
        for pattern in rule.intents
    )


def rules_for(
    intent: str, policy: Policy, moment: datetime, location: str | None
) -> dict[str, GatingRule]:
    """The rules about this intent that hold now and here."""
    return {
        name: rule
        for name, rule in policy.gating.rules.items()
        if names_intent(rule, intent) and is_open(rule, moment) and is_here(rule, location)
    }


def hides_device(intent: RedactedIntent) -> bool:
    """Whether the words that say which device were redacted."""
    return any(
        isinstance(intent.slots.get(slot), Placeholder) for slot in ("name", "area", "floor")
    )


def strictest(
    intent: RedactedIntent, rules: dict[str, GatingRule], things: Sequence[Thing]
) -> Fit | None:
    """The strictest rule that fits what is meant; of two as strict, the first.

    A device that is meant by area or kind is judged by the riskiest that fits.
    """
    fits = [
        fit for name, rule in rules.items() if (fit := _fit(name, rule, intent, things)) is not None
    ]
    return max(fits, key=lambda fit: STRICTNESS[fit.rule.confirm], default=None)


def _fit(
    name: str, rule: GatingRule, intent: RedactedIntent, things: Iterable[Thing]
) -> Fit | None:
    if not rule.domains and not rule.device_classes:
        return Fit(name, rule, name)
    for thing in _meant(intent, things):
        if fits_device(rule, thing.domain, thing.device_class, thing.name):
            first = rule.device_classes[0] if rule.device_classes else thing.domain
            return Fit(name, rule, (thing.device_class or first) if rule.device_classes else first)
    domain, device_class = _word(intent, "domain"), _word(intent, "device_class")
    if (domain or device_class) and fits_device(rule, domain, device_class, ""):
        return Fit(name, rule, device_class or domain or name)
    return None


def fits_device(rule: GatingRule, domain: str | None, device_class: str | None, name: str) -> bool:
    """Whether a rule is about devices like this. One of unknown class is judged by its name."""
    if rule.domains and domain not in rule.domains:
        return False
    if not rule.device_classes or device_class in rule.device_classes:
        return True
    spoken = name.casefold()
    return device_class is None and any(word in spoken for word in rule.device_classes)


def _meant(intent: RedactedIntent, things: Iterable[Thing]) -> list[Thing]:
    """The devices that the intent may mean; a slot that is not set excludes none."""
    wanted = {slot: _word(intent, slot) for slot in ("name", "domain", "device_class", "area")}
    named = [thing for thing in things if wanted["name"] in (None, thing.name)]
    if wanted["name"] is not None:
        return named
    return [
        thing
        for thing in named
        if wanted["domain"] in (None, thing.domain)
        and wanted["device_class"] in (None, thing.device_class)
        and wanted["area"] in (None, thing.area)
    ]


def _word(intent: RedactedIntent, slot: str) -> str | None:
    value = intent.slots.get(slot)
    return value.value if isinstance(value, Choice) else None
