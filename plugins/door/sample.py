"""A release as the core makes it, from a sentence: for the demonstration and the benchmark."""

from __future__ import annotations

from datetime import datetime

from assistant.private import Private
from assistant.types import Permit, Release, Transcript
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.things import load_things
from plugins.door.cloud import CloudSkill
from plugins.host import skill_sentences
from policies import decide
from policies.consents import NONE
from policies.model import Policy


def decided(skill: CloudSkill, text: str, policy: Policy) -> tuple[Release, Permit]:
    """The release of what a sentence means, and the permit to keep it until it is sent."""
    parser = IntentParser(skill_sentences([skill.local()]), load_things(None))
    redacted, _ = redact(Transcript(0, Private(text), 1.0), ())
    intent = parser.parse(redacted)
    assert intent is not None
    now = datetime.now().astimezone()
    release = decide.release(intent, skill.destination, policy, NONE, now, sent_today=0)
    permit = decide.keep("outbox", "service", "household", policy, NONE, now)
    assert isinstance(release, Release)
    assert isinstance(permit, Permit)
    return release, permit
