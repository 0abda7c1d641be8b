"""An intent as the core makes it, from a sentence: for the demonstration and the benchmark."""

from __future__ import annotations

from assistant.private import Private
from assistant.types import RedactedIntent, Transcript
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.things import load_things
from plugins.door.cloud import CloudSkill
from plugins.host import skill_sentences


def said(skill: CloudSkill, text: str) -> RedactedIntent:
    """What a sentence of a skill means."""
    parser = IntentParser(skill_sentences([skill.local()]), load_things(None))
    redacted, _ = redact(Transcript(1, Private(text), 1.0), ())
    intent = parser.parse(redacted)
    assert intent is not None
    return intent
