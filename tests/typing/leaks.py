"""Lines that must not type-check. Each ends with the error that mypy has to give for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from assistant import Intent, Reply, Skill
from assistant.events import Redacted, Replied
from assistant.private import Private
from assistant.types import (
    Entity,
    Finding,
    RedactedIntent,
    RedactedTranscript,
    Release,
    Transcript,
    Utterance,
    Words,
)
from pipeline.ports import Parser, Voice
from pipeline.redact import Originals, redact
from plugins.host import Host
from policies.consents import NONE
from policies.decide import act, decide, release, release_text
from policies.model import Policy

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)


def raw_text_goes_nowhere(transcript: Transcript, parser: Parser, voice: Voice) -> None:
    parser.parse(transcript)  # error: arg-type
    parser.parse(transcript.text)  # error: arg-type
    RedactedTranscript(1, transcript.text, (), 1.0)  # error: arg-type
    Words(transcript.text)  # error: arg-type
    Entity("PERSON", transcript.text)  # error: arg-type
    Finding(0, 1, transcript.text, 1.0)  # error: arg-type
    Reply(transcript.text)  # error: arg-type
    Replied(1, transcript.text)  # error: arg-type
    Redacted(1, transcript.text, (), 1.0)  # error: arg-type
    voice.say(transcript.text)  # error: arg-type


def a_private_value_is_no_text(transcript: Transcript, utterance: Utterance) -> None:
    transcript.text.upper()  # error: attr-defined
    transcript.text + "!"  # error: operator
    len(transcript.text)  # error: arg-type
    len(utterance.pcm)  # error: arg-type
    Path(transcript.text)  # error: arg-type
    for _letter in transcript.text:  # error: attr-defined
        pass


def redacting_happens_once(redacted: RedactedTranscript, originals: Originals) -> None:
    redact(redacted, ())  # error: arg-type
    originals.restore(redacted.text).upper()  # error: attr-defined
    Reply(originals.restore(redacted.text))  # error: arg-type


def the_nouns_do_not_change(redacted: RedactedTranscript, intent: RedactedIntent) -> None:
    redacted.text = "call ada"  # error: misc
    intent.name = "HassTurnOff"  # error: misc
    intent.slots["name"] = Words("ada")  # error: index


async def each_step_takes_its_own_noun(
    transcript: Transcript,
    redacted: RedactedTranscript,
    intent: RedactedIntent,
    host: Host,
    wanted: Intent,
) -> None:
    decide(redacted, ())  # error: arg-type
    act(redacted, (), Policy(), NOW)  # error: arg-type
    release(redacted, "cloud", Policy(), NONE, NOW, sent_today=0)  # error: arg-type
    release_text(transcript, "cloud", Policy(), NONE, NOW, sent_today=0)  # error: arg-type
    release(intent, "cloud", Policy(), NONE, NOW)  # error: call-arg
    await host.handle(redacted)  # error: arg-type
    await host.handle(wanted)  # error: arg-type
    send(intent)  # error: arg-type


def send(release: Release) -> None:
    """Stand in for the door: it takes what was released and nothing else."""


class Opened(Private[str]):  # error: misc
    """A private value that would print."""


skill = Skill("lamp")


@skill.on("TurnOn")  # error: arg-type
def not_a_coroutine(intent: Intent) -> Reply:
    return Reply("")


@skill.on("TurnOff")  # error: arg-type
async def no_reply(intent: Intent) -> str:
    return ""
