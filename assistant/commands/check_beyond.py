"""What `sotto check` says of the policy, of other people's skills, and of the way out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from assistant.errors import AssistantError, PolicyError
from assistant.settings import Settings
from pipeline.sentences import built_in
from pipeline.things import Things
from plugins.builtin import make_host
from plugins.catalogue import Catalogue, Installed, catalogue
from plugins.door.packets import socket_path
from plugins.sandbox.nursery import Nursery
from plugins.sandbox.report import Right, rights
from policies.check import lacking
from policies.consents import LEDGER, ConsentLedger, Consents, every_consent
from policies.cover import lapse
from policies.load import load
from policies.model import Policy

Line: TypeAlias = tuple[str, Literal["ok", "note", "missing"], str]
"""The part, how it is, and what there is to say."""


def beyond(settings: Settings, state: Path) -> Iterator[Line]:
    """What was agreed, and what of it works here. It never raises."""
    try:
        policy = load(settings.policies.files)
        consents = ConsentLedger(state / LEDGER).current
    except PolicyError as error:
        yield "policy", "missing", f"{error}; nothing is allowed until this is mended"
        return
    files = ", ".join(dict.fromkeys(place.file for place in policy.places.values()))
    yield "policy", "ok", f"{len(policy.places)} entries in {files or 'no file'}"
    found = _found(settings)
    yield from _sandbox(policy, found)
    yield from _skills(policy, found)
    yield _door(settings, state)
    yield from _destinations(policy, consents, settings)


def _found(settings: Settings) -> Catalogue:
    taken = make_host(Things(), built_in()).taken
    return catalogue(settings.skills.directory, taken)


def _sandbox(policy: Policy, found: Catalogue) -> Iterator[Line]:
    accepted = policy.sandbox.accepted
    try:
        given = asyncio.run(_rights())
    except AssistantError as error:
        yield "sandbox", "note", str(error)
        return
    for right in given:
        if right.given:
            yield "sandbox", "ok", f"{right.key}: {right.by}"
        elif right.key == "file-names":
            yield "sandbox", "note", f"{right.key}: {right.by}"
        elif right.key in accepted:
            where = policy.source("sandbox", "accepted")
            yield "sandbox", "note", f"{right.key}: {right.by}; accepted ({where})"
        else:
            stopped = "skills of others don't run here" if found.answers else "no skill runs here"
            yield "sandbox", "note", f"{right.key}: {right.by}: {stopped} (sandbox.accepted)"


async def _rights() -> tuple[Right, ...]:
    nursery = Nursery(lambda _process, _status: None)
    try:
        return rights(await nursery.start())
    finally:
        nursery.close()


def _skills(policy: Policy, found: Catalogue) -> Iterator[Line]:
    if not (found.skills or found.problems):
        yield "skills", "ok", "only those that are built in"
    for skill in found.skills:
        name, count = skill.skill.name, len(skill.intents)
        what = f"{name} ({skill.source}): {count} intent{'' if count == 1 else 's'}"
        yield "skills", "ok", "; ".join((what, *_asks(skill, policy)))
    for line in (*found.problems, *found.clashes):
        yield "skills", "note", line


def _asks(installed: Installed, policy: Policy) -> Iterator[str]:
    """What a skill asks for, and what the policy says to it."""
    skill = installed.skill
    if installed.cloud is not None:
        yield f"answered by {installed.cloud.destination}"
    if skill.opens:
        rule = policy.skills.get(skill.name)
        slots = ", ".join(skill.opens)
        if skill.hosts:
            yield f"reads placeholders only, though it asks for {slots}: it names a host"
        elif rule is None:
            yield f"asks to read {slots}: not agreed (skills.{skill.name}.opens)"
        else:
            where = policy.source("skills", skill.name)
            yield f"may read {', '.join(rule.opens)} of {slots} ({where})"
    if skill.hosts:
        yield f"may ask for {', '.join(skill.hosts)}"
    if skill.storage:
        yield f"may keep {skill.storage} bytes"


def _door(settings: Settings, state: Path) -> Line:
    door = settings.door
    if door.address is None:
        return "door", "ok", "none: nothing leaves this device (door.address)"
    for key in ("ca", "certificate", "key"):
        path = getattr(door, key)
        if path is not None and not path.is_file():
            return "door", "note", f"door.{key}: {path} is missing: nothing leaves"
    to = f"{door.address}:{door.port}, {'TLS' if door.tls else 'without TLS'}"
    if door.inside or socket_path(door, state).exists():
        return "door", "ok", to
    return "door", "note", f"{to}; no `sotto door` is waiting at {socket_path(door, state)}"


def _destinations(policy: Policy, consents: Consents, settings: Settings) -> Iterator[Line]:
    """Who may get what, and whether a consent stands behind it."""
    now = datetime.now().astimezone()
    for name, to in policy.sharing.items():
        count = len(to.intents)
        what = (
            f"{name}: {count} intent{'' if count == 1 else 's'} for {to.purpose}, "
            f"at most {to.budget.messages_per_day} messages a day"
        )
        given = [
            consent
            for consent in every_consent(policy, consents).values()
            if consent.recipient == name and lacking(consent, policy) is None
        ]
        lapses = [lapse(consent, now, settings.home.area) for consent in given]
        if None in lapses:
            yield "destination", "ok", what
        else:
            why = next((one for one in lapses if one is not None), "no consent was given")
            yield "destination", "note", f"{what}; nothing now: {why}"
    if not policy.sharing:
        yield "destination", "ok", "none: the policy shares nothing"
