"""What may be done, kept and shared: the only maker of Grant, Confirm, Refusal, Release, Permit.

Pure functions: the moment is the caller's, with its offset from UTC. What no rule allows is
refused, and every decision names the file and key that decided.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from datetime import UTC, datetime

from assistant.types import (
    AudioRelease,
    Confirm,
    Decision,
    Grant,
    Permit,
    RedactedIntent,
    RedactedTranscript,
    Refusal,
    Release,
    TextRelease,
    Words,
)
from policies import load
from policies.closed import fits_text, misfit, sent_slots
from policies.consents import Consents, joint
from policies.cover import Lack, Wanted, covering
from policies.gates import Thing, hides_device, rules_for, strictest
from policies.model import HOME, HOUSEHOLD, Otherwise, Policy, Stop
from policies.windows import is_here, is_open


def decide(intent: RedactedIntent, things: Iterable[Thing]) -> Grant | Confirm | Refusal:
    """Decide about an act as the policy does that ships: it knows no hours."""
    return act(intent, things, _shipped(), datetime.fromtimestamp(0, UTC))


@functools.cache
def _shipped() -> Policy:
    return load.load()


def act(
    intent: RedactedIntent,
    things: Iterable[Thing],
    policy: Policy,
    moment: datetime,
    *,
    location: str | None = None,
) -> Grant | Confirm | Refusal:
    """Whether an intent may be acted on here, at once or after a yes; `Confirm.by` says how.

    A device whose name was redacted can't be judged, so where a rule is about devices the intent
    is refused. `location` is the area this device stands in.
    """
    if (stopped := stops("acts", policy, moment, location=location)) is not None:
        return stopped
    rules = rules_for(intent.name, policy, moment, location)
    about_devices = [name for name, rule in rules.items() if rule.domains or rule.device_classes]
    if about_devices and hides_device(intent):
        source = policy.source("gating", "rules", about_devices[0])
        return Refusal("redacted: which device?", source)
    fit = strictest(intent, rules, tuple(things))
    if fit is None:
        source = policy.source("gating", "otherwise")
        return _gate(policy.gating.otherwise, intent.name, intent.name, source)
    source = policy.source("gating", "rules", fit.name)
    return _gate(fit.rule.confirm, intent.name, fit.kind, source)


def _gate(answer: Otherwise, intent: str, kind: str, source: str) -> Grant | Confirm | Refusal:
    match answer:
        case "allow":
            return Grant(f"local: {intent}", source)
        case "never":
            return Refusal(f"never: {kind}", source)
        case "voice" | "pin" | "button":
            return Confirm(f"risky: {kind}", source, answer)


def keep(
    category: str,
    purpose: str,
    subject: str,
    policy: Policy,
    consents: Consents,
    moment: datetime,
    *,
    location: str | None = None,
) -> Permit | Refusal:
    """Whether one kind of thing may be kept: it needs a retention, and a consent of its subject.

    A consent of the household covers what belongs to the household, and no named person.
    """
    if (stopped := stops("keeping", policy, moment, location=location)) is not None:
        return stopped
    retention = policy.retention.get(category, {}).get(purpose)
    entry = ("retention", category, purpose)
    if retention is None:
        return Refusal(f"no retention: {category} for {purpose}", policy.source(*entry))
    wanted = Wanted(category, purpose, subject, HOME)
    consent = covering(wanted, policy, consents, moment, location)
    if isinstance(consent, Lack):
        return Refusal(consent.reason, consent.source)
    return Permit(
        category,
        purpose,
        retention.retention_period,
        policy.source(*entry),
        subject,
        consent,
        retention.maximum_count,
        retention.maximum_size,
    )


def release(
    intent: RedactedIntent,
    destination: str,
    policy: Policy,
    consents: Consents,
    moment: datetime,
    *,
    sent_today: int,
    subject: str = HOUSEHOLD,
    location: str | None = None,
) -> Release | Refusal:
    """Whether an intent may be sent to a destination; the release holds what may be sent.

    It takes a consent for the destination, the intent among those shared, and for every slot
    that was said a value that its schema describes. `sent_today` is how many messages the
    destination got today: its budget allows so many.
    """
    consent = _may_send(
        "intent", destination, policy, consents, moment, sent_today, subject, location
    )
    if isinstance(consent, Refusal):
        return consent
    shared = policy.sharing[destination].intents.get(intent.name)
    entry = ("sharing", destination, "intents", intent.name)
    if shared is None:
        return Refusal(f"not shared: {intent.name} with {destination}", policy.source(*entry))
    if (reason := misfit(shared, intent.slots)) is not None:
        return Refusal(reason, policy.source(*entry))
    slots = sent_slots(shared, intent.slots)
    speaks = any(isinstance(slot, Words) for slot in slots.values())
    if speaks and (unredacted := _unredacted(destination, policy)) is not None:
        return unredacted
    cleared = dataclasses.replace(intent, slots=slots, response="default")
    return Release(cleared, destination, policy.source(*entry), consent)


def until_sent(release: Release, permit: Permit) -> Permit:
    """Leave to keep a release until it is sent: under both consents, and so with either's end."""
    return dataclasses.replace(permit, consent=joint(release.consent, permit.consent))


def release_text(
    transcript: RedactedTranscript,
    destination: str,
    policy: Policy,
    consents: Consents,
    moment: datetime,
    *,
    sent_today: int,
    subject: str = HOUSEHOLD,
    location: str | None = None,
) -> TextRelease | Refusal:
    """Whether the redacted text itself may be sent: under a consent for just that destination."""
    consent = _may_send(
        "transcript", destination, policy, consents, moment, sent_today, subject, location
    )
    if isinstance(consent, Refusal):
        return consent
    shared = policy.sharing[destination].text
    source = policy.source("sharing", destination, "text")
    if shared is None:
        return Refusal(f"not shared: text with {destination}", source)
    if (unredacted := _unredacted(destination, policy)) is not None:
        return unredacted
    if not fits_text(shared, transcript):
        return Refusal("not described: the text", source)
    return TextRelease(transcript, destination, source, consent)


def release_audio(
    destination: str,
    policy: Policy,
    consents: Consents,
    moment: datetime,
    sent_today: int,
    *,
    location: str | None = None,
) -> AudioRelease | Refusal:
    """Whether raw sound, and so its words, may go to a peer: under a consent for just that one."""
    consent = _may_send(
        "audio", destination, policy, consents, moment, sent_today, HOUSEHOLD, location
    )
    if isinstance(consent, Refusal):
        return consent
    shared = policy.sharing[destination].audio
    source = policy.source("sharing", destination, "audio")
    if shared is None:
        return Refusal(f"not shared: sound with {destination}", source)
    return AudioRelease(destination, shared.seconds, source, consent)


def open_to(skill: str, kind: str, policy: Policy) -> Grant | Refusal:
    """Whether a skill may read what a placeholder of this type stands for."""
    rule = policy.skills.get(skill)
    source = policy.source("skills", skill)
    if rule is None or kind not in rule.opens:
        return Refusal(f"not opened: {kind} to skill {skill}", source)
    return Grant(f"opened: {kind} to skill {skill}", source)


def stops(
    what: Stop, policy: Policy, moment: datetime, *, location: str | None = None
) -> Refusal | None:
    """Why something is stopped now, by mute or in quiet hours; None where it is not."""
    if moment.tzinfo is None:
        return Refusal("the moment has no offset from UTC", "default:moment")
    if what in policy.mute:
        return Refusal(f"muted: {what}", policy.source("mute"))
    for name, quiet in policy.quiet_hours.items():
        if what in quiet.stops and is_open(quiet, moment) and is_here(quiet, location):
            return Refusal(f"quiet hours: {what}", policy.source("quiet_hours", name))
    return None


def where(decision: Decision) -> str:
    """The file and key that decided, in a form that fits the audit log."""
    match decision:
        case Grant() | Refusal() | Confirm():
            return decision.source
        case Release() | TextRelease() | AudioRelease() | Permit():
            return decision.rule


def why(decision: Decision) -> str:
    """The rule that decided, with the file and key where it stands."""
    match decision:
        case Grant(rule, source) | Refusal(rule, source) | Confirm(rule, source):
            return f"{rule} ({source})" if source else rule
        case Release() | TextRelease() | AudioRelease() | Permit():
            return decision.rule


def _may_send(
    category: str,
    destination: str,
    policy: Policy,
    consents: Consents,
    moment: datetime,
    sent_today: int,
    subject: str,
    location: str | None,
) -> str | Refusal:
    """The consent under which anything of a category may go to a destination now."""
    if (stopped := stops("sharing", policy, moment, location=location)) is not None:
        return stopped
    described = policy.sharing.get(destination)
    source = policy.source("sharing", destination)
    if described is None:
        return Refusal(f"no destination: {destination}", source)
    wanted = Wanted(category, described.purpose, subject, destination)
    consent = covering(wanted, policy, consents, moment, location)
    if isinstance(consent, Lack):
        return Refusal(consent.reason, consent.source)
    if sent_today >= described.budget.messages_per_day:
        return Refusal(f"budget: {destination} had its messages of today", f"{source}.budget")
    return consent


def _unredacted(destination: str, policy: Policy) -> Refusal | None:
    """A refusal where free speech holds types that this destination must not see."""
    if policy.redacts_enough_for(destination):
        return None
    source = policy.source("redaction", "destinations", destination)
    return Refusal(f"not redacted enough for {destination}", source)
