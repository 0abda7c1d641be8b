"""The finite domain of a policy, and what of it is allowed: arrays of every combination."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import get_args

import numpy as np

from assistant.errors import PolicyError
from assistant.types import Choice, Number, Placeholder, Slot, Words
from policies.closed import fits
from policies.consents import Consents, every_consent
from policies.model import HOME, HOUSEHOLD, Consent, Policy, Stop
from policies.moments import Mask, Seconds, edges, open_at, since
from policies.sections import Window
from policies.shared import SharedSlot
from policies.values import Category

OTHER = ""
"""Stands for every name that the policy does not mention."""
CATEGORIES: tuple[str, ...] = get_args(Category)
MOST = 10_000_000_000
"""Combinations; beyond, an enumeration takes minutes."""
_MOST_AT_ONCE = 20_000_000
"""Bytes of one array."""
_CHUNK = 1 << 24


@dataclass(frozen=True, slots=True)
class Domain:
    """The axes. Each but the categories and the moments ends with what no rule mentions."""

    purposes: tuple[str, ...]
    subjects: tuple[str, ...]
    destinations: tuple[str, ...]
    """The first is home, the device itself."""
    locations: tuple[str, ...]
    intents: tuple[str, ...]
    slots: tuple[str, ...]
    values: tuple[Slot | None, ...]
    """None: the slot was not said. Then those described, those just beside them, and one of
    every type of placeholder."""
    moments: Seconds
    zone: tzinfo

    @property
    def size(self) -> int:
        """How many combinations there are."""
        size = len(CATEGORIES) * len(self.moments)
        for axis in (
            self.purposes,
            self.subjects,
            self.destinations,
            self.locations,
            self.intents,
            self.slots,
            self.values,
        ):
            size *= len(axis)
        return size

    def open(self, window: Window) -> Mask:
        """When and where a window is open: moments x locations."""
        here = [window.location in (None, location) for location in self.locations]
        opened: Mask = open_at(window, self.moments, self.zone)[:, None] & np.array(here)
        return opened

    def holds(self, consent: Consent) -> Mask:
        """When and where a consent holds: moments x locations."""
        if consent.withdrawn is not None:
            return np.zeros((len(self.moments), len(self.locations)), dtype=np.bool_)
        given = since(consent.given.event_time, self.moments, self.zone)
        return self.open(consent) & given[:, None]

    def stopped(self, what: Stop, policy: Policy) -> Mask:
        """When and where something is muted or quiet: moments x locations."""
        muted = what in policy.mute
        stopped = np.full((len(self.moments), len(self.locations)), muted, dtype=np.bool_)
        for quiet in policy.quiet_hours.values():
            if what in quiet.stops:
                stopped |= self.open(quiet)
        return stopped


def domain_of(policy: Policy, consents: Consents, now: datetime) -> Domain:
    """The domain. Raises PolicyError where it is too large to enumerate."""
    given = every_consent(policy, consents).values()
    windows: list[Window] = [*given, *policy.gating.rules.values(), *policy.quiet_hours.values()]
    sharing = policy.sharing
    slots = [
        slot
        for to in sharing.values()
        for shared in to.intents.values()
        for slot in shared.slots.items()
    ]
    domain = Domain(
        purposes=_axis(
            *(consent.purpose for consent in given),
            *(purpose for by_purpose in policy.retention.values() for purpose in by_purpose),
            *(destination.purpose for destination in sharing.values()),
        ),
        subjects=_axis(HOUSEHOLD, *(consent.data_subject for consent in given)),
        destinations=_axis(HOME, *sharing, *(consent.recipient for consent in given)),
        locations=_axis(*(window.location for window in windows if window.location)),
        intents=_axis(*(intent for to in sharing.values() for intent in to.intents)),
        slots=_axis(*(name for name, _ in slots)),
        values=tuple(dict.fromkeys(_values([shared for _, shared in slots], policy))),
        moments=edges(windows, [consent.given.event_time for consent in given], now),
        zone=now.tzinfo or UTC,
    )
    domain = _without_doubles(domain, windows)
    if domain.size > MOST or math.prod(_shape(domain)) > _MOST_AT_ONCE:
        raise PolicyError(f"{domain.size} combinations to enumerate; expected at most {MOST}")
    return domain


@dataclass(frozen=True, slots=True)
class Reach:
    """What of one category may come to one destination."""

    category: str
    destination: str
    who: Mask
    """purposes x subjects x moments x locations"""
    what: Mask
    """intents x slots x values; on the device: everything"""

    def count(self) -> int:
        """How many combinations are allowed: each is looked at."""
        who, what = self.who.ravel(), self.what.ravel()
        step = max(1, _CHUNK // max(1, what.size))
        return sum(
            int(np.count_nonzero(who[start : start + step, None] & what))
            for start in range(0, who.size, step)
        )


def reaches(policy: Policy, consents: Consents, domain: Domain) -> Iterator[Reach]:
    """What may come where: one for each category and destination."""
    quiet_keeping = ~domain.stopped("keeping", policy)
    quiet_sharing = ~domain.stopped("sharing", policy)
    everything = np.ones((len(domain.intents), len(domain.slots), len(domain.values)), np.bool_)
    covered = _covered(policy, consents, domain)
    for category in CATEGORIES:
        for destination in domain.destinations:
            who = covered.get((category, destination), np.zeros(_shape(domain), np.bool_))
            if destination == HOME:
                kept = np.array([p in policy.retention.get(category, {}) for p in domain.purposes])
                who = who & kept[:, None, None, None] & quiet_keeping
                yield Reach(category, destination, who, everything)
                continue
            described = policy.sharing.get(destination)
            purpose = described.purpose if described is not None else None
            fit = np.array([p == purpose and p != OTHER for p in domain.purposes])
            who = who & fit[:, None, None, None] & quiet_sharing
            if category == "intent":
                what = _described(policy, destination, domain)
            else:
                raw = {"transcript": "text", "audio": "audio"}.get(category, "")
                what = everything if raw and getattr(described, raw, None) else ~everything
            yield Reach(category, destination, who, what)


def _shape(domain: Domain) -> tuple[int, int, int, int]:
    return (
        len(domain.purposes),
        len(domain.subjects),
        len(domain.moments),
        len(domain.locations),
    )


def _covered(policy: Policy, consents: Consents, domain: Domain) -> dict[tuple[str, str], Mask]:
    covered: dict[tuple[str, str], Mask] = {}
    if not consents.readable:
        return covered
    for consent in every_consent(policy, consents).values():
        key = (consent.personal_data, consent.recipient)
        mask = covered.setdefault(key, np.zeros(_shape(domain), np.bool_))
        purpose = domain.purposes.index(consent.purpose)
        subject = domain.subjects.index(consent.data_subject)
        mask[purpose, subject] |= domain.holds(consent)
    return covered


def _described(policy: Policy, destination: str, domain: Domain) -> Mask:
    """Which values of which slots of which intents a destination may get."""
    shape = (len(domain.intents), len(domain.slots), len(domain.values))
    described = np.zeros(shape, np.bool_)
    to = policy.sharing.get(destination)
    for intent, shared in to.intents.items() if to is not None else ():
        row = domain.intents.index(intent)
        described[row, :, domain.values.index(None)] = True
        for name, slot in shared.slots.items():
            described[row, domain.slots.index(name)] |= [
                value is not None and not slot.omit and fits(slot, value) for value in domain.values
            ]
    return described


def _axis(*names: str) -> tuple[str, ...]:
    return (*dict.fromkeys(names), OTHER)


def _values(slots: Iterable[SharedSlot], policy: Policy) -> Iterator[Slot | None]:
    yield None
    types = set(policy.redaction.types) if policy.redaction.types != "all" else set()
    for shared in slots:
        yield from map(Choice, shared.choices or ())
        types |= set(shared.placeholders or ())
        if (numbers := shared.range) is not None:
            low, high, step = numbers.minimum, numbers.maximum, numbers.step
            yield from map(Number, (low, high, low - step, high + step, low + step / 2))
        if shared.words is not None:
            yield from (Words("a" * shared.words), Words("a" * (shared.words + 1)))
    yield from (Choice(OTHER), Words("person_1"), Number(1e12))
    yield from (Placeholder(f"{kind}_1", kind) for kind in (*sorted(types), "OTHER"))


def _without_doubles(domain: Domain, windows: Sequence[Window]) -> Domain:
    """The domain with one moment for all those at which the same rules hold."""
    rows = [open_at(window, domain.moments, domain.zone) for window in windows]
    rows += [
        since(window.given.event_time, domain.moments, domain.zone)
        for window in windows
        if isinstance(window, Consent)
    ]
    first = np.zeros(1, np.int64)
    if rows:
        _, first = np.unique(np.packbits(np.array(rows), axis=0), axis=1, return_index=True)
    return replace(domain, moments=domain.moments[np.sort(first)])
