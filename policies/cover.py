"""Which consent covers something, or why none does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from policies.consents import Consents, every_consent, joint
from policies.model import HOME, Consent, Policy
from policies.windows import has_come, is_here, is_open


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a consent has to cover."""

    category: str
    purpose: str
    subject: str
    recipient: str

    def is_named_by(self, consent: Consent) -> bool:
        """Whether a consent is about just this."""
        return (
            consent.personal_data == self.category
            and consent.purpose == self.purpose
            and consent.data_subject == self.subject
            and consent.recipient == self.recipient
        )

    def __str__(self) -> str:
        to = f" to {self.recipient}" if self.recipient != HOME else ""
        return f"{self.category} of {self.subject} for {self.purpose}{to}"


@dataclass(frozen=True, slots=True)
class Lack:
    """Why no consent covers it, and where that is said."""

    reason: str
    source: str


def covering(
    wanted: Wanted, policy: Policy, consents: Consents, moment: datetime, location: str | None
) -> str | Lack:
    """The id of the first consent that covers it, or why none does."""
    if not consents.readable:
        return Lack("the record of consents is damaged", "default:consent")
    lack = Lack(f"no consent: {wanted}", "default:consent")
    for id_, consent in every_consent(policy, consents).items():
        if not wanted.is_named_by(consent):
            continue
        reason = lapse(consent, moment, location)
        if reason is None:
            return id_
        lack = Lack(f"consent {id_}: {reason}", policy.source("consent", id_))
    return lack


def may_wait(
    policy: Policy, consents: Consents, moment: datetime, location: str | None
) -> frozenset[str]:
    """The ids of the keys under which messages wait that may leave now: two consents hold each."""
    if not consents.readable:
        return frozenset()
    every = every_consent(policy, consents)
    held = {id_: one for id_, one in every.items() if lapse(one, moment, location) is None}
    sent = [id_ for id_, consent in held.items() if consent.recipient != HOME]
    kept = [id_ for id_, consent in held.items() if consent.personal_data == "outbox"]
    return frozenset(joint(one, other) for one in sent for other in kept)


def lapse(consent: Consent, moment: datetime, location: str | None) -> str | None:
    """Why a consent does not hold now and here; None where it does."""
    if consent.withdrawn is not None:
        return "withdrawn"
    if not has_come(consent.given.event_time, moment):
        return "not given yet"
    if not is_open(consent, moment):
        return "outside its time"
    return None if is_here(consent, location) else "not for this place"
