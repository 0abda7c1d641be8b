"""What `sotto check` says of the PIN and the button, and of presence in Home Assistant."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from assistant.commands.check_beyond import Line
from assistant.errors import AssistantError, PolicyError
from assistant.settings import Settings
from plugins.presence.options import options
from policies.load import load
from policies.model import Policy
from storage.pin import Pin


def proofs(settings: Settings, state: Path) -> Iterator[Line]:
    """It never raises; a policy that can't be read is said elsewhere."""
    try:
        policy = load(settings.policies.files)
    except PolicyError:
        policy = Policy()
    if wants := _rules(policy, "pin"):
        yield _pin(state, wants)
    presses = settings.observe.events or "confirm" in settings.presence.allow
    if (wants := _rules(policy, "button")) and not presses:
        yield "button", "note", (
            f"the policy asks for one ({wants}), and none can be pressed: see observe.events, "
            "presence.allow"
        )  # fmt: skip
    if settings.presence.enabled:
        yield _presence(settings)


def _rules(policy: Policy, how: str) -> str:
    rules = [name for name, rule in policy.gating.rules.items() if rule.confirm == how]
    return ", ".join([*rules, *(["otherwise"] if policy.gating.otherwise == how else [])])


def _pin(state: Path, wants: str) -> Line:
    pin = Pin(state, os.environ, time.time)
    try:
        if pin.source is None:
            return "PIN", "note", f"the policy asks for one ({wants}); type: sotto pin set"
        if wait := pin.wait():
            return "PIN", "note", f"it was wrong too often; {wait:.0f} s to wait"
    except AssistantError as error:
        return "PIN", "note", str(error)
    return "PIN", "ok", f"set, from a {pin.source}; asked for by {wants}"


def _presence(settings: Settings) -> Line:
    presence = settings.presence
    if settings.door.address is None:
        return "presence", "note", "Home Assistant is shown nothing: door.address is not set"
    try:
        for files in options(settings).values():
            load(files)
    except AssistantError as error:
        return "presence", "note", str(error)
    allowed = ", ".join(("mute", *presence.allow))
    where = f"{settings.door.address}:{settings.door.port}"
    return "presence", "ok", f"{presence.name} at {where}; allowed there: {allowed}"
