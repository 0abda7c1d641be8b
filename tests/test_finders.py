"""What is redacted follows the policy in force."""

from __future__ import annotations

import pytest

from assistant.finders import Finders
from assistant.household import Household
from assistant.private import Private
from assistant.settings import RedactionSettings, Settings
from assistant.types import Transcript, Utterance
from pipeline.dialogue import Dialogue
from pipeline.things import Things
from plugins.simulated import SimulatedHouse
from policies.load import Policies
from policies.model import Policy

FIRST = "version: 1\nextends: household\n"
WORDS = FIRST + "redaction: {words: {SECRET: [blue heron]}}\n"
TYPES = FIRST + "redaction: {types: [PERSON]}\n"


def said(dialogue, number, text):
    start = 5.0 * number
    utterance = Utterance(number, start, start + 2, start + 1, "silence", Private(bytes(640)))
    redacted, originals = dialogue.redact(utterance, Transcript(number, Private(text), 0.9))
    originals.forget()
    dialogue.rest()
    return redacted.text


@pytest.fixture
def home():
    return Household(Things(), SimulatedHouse(Things()))


def test_another_policy_counts_from_the_next_utterance_of_the_same_talk(tmp_path, home):
    path = tmp_path / "policy.yaml"
    path.write_text(FIRST)
    policies = Policies((path,))
    settings = Settings(redaction=RedactionSettings(words={"SECRET": ("red fox",)}))
    dialogue = Dialogue(Finders(settings, lambda: policies.policy, home))
    text = "the red fox and the blue heron met john smith"
    assert said(dialogue, 1, text) == "the SECRET_1 and the blue heron met PERSON_1"
    path.write_text(WORDS)
    assert policies.reload()
    assert said(dialogue, 2, text) == "the SECRET_1 and the SECRET_2 met PERSON_1"
    assert dialogue.quote("a blue heron") == "a SECRET_2"
    path.write_text(TYPES)
    assert policies.reload()
    assert said(dialogue, 40, text) == "the red fox and the blue heron met PERSON_1"


def test_the_policy_that_stays_costs_nothing_anew(home):
    finders = Finders(Settings(), Policy, home)
    assert finders() is finders()
