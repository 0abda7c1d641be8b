"""Speech that comes in segments: what a pause cuts in two is hidden all the same."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.private import Private
from assistant.settings import RedactionSettings
from assistant.types import Finding, RedactedTranscript, Transcript
from pipeline.conversation import MOST_NAMES, Conversation
from pipeline.detectors import make_detectors
from pipeline.detectors.household import HouseholdWords
from pipeline.detectors.rules import Rules
from pipeline.redact import redact
from pipeline.redactor import CONTEXT, MOST_ORIGINALS, WINDOW, Redactor, redact_utterance

DETECTORS = (Rules(), HouseholdWords({"PERSON": ("ada lovelace", "ada", "bob")}))


def heard(text: str, number: int = 0) -> Transcript:
    return Transcript(number, Private(text), 0.5)


def fed(*segments: str) -> tuple[Redactor, list[RedactedTranscript]]:
    redactor = Redactor(DETECTORS)
    ready: list[RedactedTranscript] = []
    for number, segment in enumerate(segments):
        ready += redactor.feed(heard(segment, number))
    return redactor, [*ready, *redactor.flush()]


def texts(*segments: str) -> list[str]:
    return [redacted.text for redacted in fed(*segments)[1]]


SAID = (
    "my card number is four five three nine one two three four five six seven eight nine oh",
    "call me at five five five oh one four seven seven please",
    "remind me to ring bob at four no wait nine four five five five sixty seventy",
    "write to jane dot doe forty two at gmail dot com about it",
    "my email is mary ann smith at yahoo dot com",
    "my website is jane doe dot com slash about",
    "order a taxi to eighty three victoria street dublin california nine one one one two",
    "she lives at nineteen forty five elm street",
    "i was born on the ninth of april nineteen forty four",
    "the wifi password is horse dragon four oh two six",
    "my iban is g b five eight n w b k two five three three six zero six six five six two seven",
    "the car with plate seven b a m five two two is in the way",
    "the gate code is double six nine uh four",
    "my social security number is three double three nine eight three nine oh three",
    "my pin is fifty one thirty eight",
    "my username is jane underscore d eighty four",
    "the router's address is one nine two dot one six eight dot one oh four dot two",
    "tell ada lovelace i am late",
)


@pytest.mark.parametrize("said", SAID)
def test_a_pause_inside_something_private_leaves_nothing_of_it(said):
    """Every place between two words of a span is tried."""
    whole, _ = redact_utterance(DETECTORS, heard(said))
    for finding in whole.findings:
        cuts = [at for at in range(finding.start, finding.end) if said[at] == " "]
        for cut in cuts:
            first, second = fed(said[:cut], said[cut + 1 :])[1]
            before, _, after = whole.text.partition(f"{finding.type}_1")
            assert first.text.startswith(before)
            assert second.text.endswith(after)
            left = {*first.text[len(before) :].split(), *second.text.split()}
            hidden = said[finding.start : finding.end].split()
            small = {"the", "of", "at", *after.split()}
            assert not (set(hidden) & left) - small


def test_the_parts_of_one_thing_get_one_placeholder():
    assert texts("my card is four five three nine", "one two three four", "five six thanks") == [
        "my card is CREDIT_CARD_1",
        "CREDIT_CARD_1",
        "CREDIT_CARD_1 thanks",
    ]


def test_a_number_that_may_go_on_is_held_and_a_command_is_not():
    redactor = Redactor(DETECTORS)
    assert [r.text for r in redactor.feed(heard("turn on the kitchen light"))] == [
        "turn on the kitchen light"
    ]
    assert redactor.feed(heard("and call five five five", 1)) == ()
    assert redactor.holding == 1
    assert len(redactor.feed(heard("oh one two three for me", 2))) == 2
    assert redactor.holding == 0
    assert redactor.flush() == ()


@pytest.mark.parametrize(
    "said",
    [
        "my card number is",
        "call me at five",
        "write to jane dot",
        "navigate to fifty six victoria",
        "my iban is g",
        "the code is double",
        "he was born on the",
        "i said four no wait",
        "my website is carol kurki",
        "it's apartment",
        "my mother has a",
        "book a follow up about high",
    ],
)
def test_what_waits_for_its_other_half_is_held(said):
    redactor = Redactor(DETECTORS)
    assert redactor.feed(heard(said)) == ()
    assert [redacted.utterance_id for redacted in redactor.flush()] == [0]


@pytest.mark.parametrize(
    "said",
    [
        "turn on the kitchen light",
        "set the volume to fifty",
        "set a timer for four minutes",
        "what's the weather in london",
        "play some music please",
        "My card number is 4111 1111 1111 1111, thanks.",
    ],
)
def test_what_is_complete_is_ready_at_once(said):
    assert len(Redactor(DETECTORS).feed(heard(said))) == 1


class _Doubtful:
    """A detector that is not sure of a last word."""

    name, types, cost = "doubtful", ("PERSON",), 0.0

    def find(self, transcript: Transcript) -> list[Finding]:
        text = transcript.text.reveal()
        at = text.find("erling zobel")
        return [Finding(at, at + 12, "PERSON", 0.9, self.name)] if at >= 0 else []

    def begins(self, text: str) -> int | None:
        return text.find("erling") if text.endswith("erling") else None


def test_a_detector_may_ask_to_wait_for_the_next_words():
    redactor = Redactor([_Doubtful()])
    assert redactor.feed(heard("a note that erling")) == ()
    ready = redactor.feed(heard("zobel called", 1))
    assert [r.text for r in ready] == ["a note that PERSON_1", "PERSON_1 called"]


def test_a_cue_in_the_segment_before_still_counts():
    assert texts("what about my pin well", "it's forty one eleven")[1] == "it's SECRET_1"
    assert texts("thanks.", "fourteen forty one")[1] == "fourteen forty one"


segments = st.lists(
    st.lists(
        st.sampled_from(
            [
                "four",
                "five",
                "oh",
                "double",
                "nine",
                "my",
                "pin",
                "is",
                "call",
                "ada",
                "bob",
                "lovelace",
                "at",
                "dot",
                "com",
                "gmail",
                "elm",
                "street",
                "the",
                "born",
                "on",
                "april",
                "4711",
                "12:30",
                "a.b@c.org",
                "PERSON_1",
                "no",
                "wait",
                ",",
                ".",
                "é",
                "👍",
                "\u202ex",
                "",
            ]
        ),
        max_size=8,
    ).map(" ".join),
    max_size=8,
)


@given(segments)
def test_every_segment_comes_back_once_in_order_and_can_be_restored(said):
    redactor, ready = fed(*said)
    assert [redacted.utterance_id for redacted in ready] == list(range(len(said)))
    for redacted, raw in zip(ready, said, strict=True):
        assert redactor.originals(redacted).restore(redacted.text).reveal() == raw
        end = 0
        for finding in redacted.findings:
            assert end <= finding.start < finding.end <= len(raw)
            end = finding.end
        assert {entity.type for entity in redacted.entities} == {f.type for f in redacted.findings}


@given(segments.map(" ".join))
def test_a_whole_utterance_takes_the_same_way(said):
    redacted, originals = redact_utterance(DETECTORS, heard(said))
    found = [finding for detector in DETECTORS for finding in detector.find(heard(said))]
    assert redacted == redact(heard(said), found)[0]
    assert originals.restore(redacted.text).reveal() == said


def test_no_more_than_the_window_is_held():
    redactor = Redactor(DETECTORS)
    given_back = 0
    for number in range(200):
        given_back += len(redactor.feed(heard("four five six seven eight nine " * 4, number)))
        assert redactor.holding * 4 * 31 <= WINDOW + 4 * 31
    assert given_back > 100
    assert "four" not in "".join(redacted.text for redacted in redactor.flush())


def test_memory_does_not_grow_with_the_conversation():
    redactor = Redactor(DETECTORS)
    for number in range(3 * MOST_ORIGINALS):
        redactor.feed(heard(f"call 555 01 {number:04} now", number))
    assert len(redactor._originals) == MOST_ORIGINALS
    assert len(redactor._context.reveal()) <= CONTEXT
    conversation = Conversation()
    for number in range(3 * MOST_NAMES):
        conversation.placeholder("PERSON", f"ada the {number}", ())
    assert len(conversation) <= MOST_NAMES


def test_the_same_person_keeps_a_placeholder_through_a_conversation():
    conversation = Conversation()
    first, _ = redact_utterance(DETECTORS, heard("call Ada Lovelace and bob"), conversation)
    second, _ = redact_utterance(DETECTORS, heard("is bob home, or ada?"), conversation)
    third, originals = redact_utterance(DETECTORS, heard("ADA'S pin is 4711"), conversation)
    assert first.text == "call PERSON_1 and PERSON_2"
    assert second.text == "is PERSON_2 home, or PERSON_1?"
    assert third.text in {"PERSON_1's pin is SECRET_1", "PERSON_1'S pin is SECRET_1"}
    assert originals.restore(third.text).reveal() == "ADA'S pin is 4711"
    assert conversation.restore("PERSON_2 and PERSON_1").reveal() == "bob and Ada Lovelace"
    conversation.forget()
    assert conversation.restore("PERSON_2").reveal() == "PERSON_2"
    later, _ = redact_utterance(DETECTORS, heard("bob again"), conversation)
    assert later.text == "PERSON_3 again", "a number is never given twice"


def test_two_people_of_one_name_are_kept_apart():
    conversation = Conversation()
    names = ["ada lovelace", "ada byron", "ada", "ada", "ada byron"]
    given_names = [conversation.placeholder("PERSON", name, ()) for name in names]
    assert given_names == ["PERSON_1", "PERSON_2", "PERSON_3", "PERSON_3", "PERSON_2"]


def test_a_placeholder_that_somebody_says_later_is_not_theirs():
    conversation = Conversation()
    redact_utterance(DETECTORS, heard("call bob"), conversation)
    redacted, originals = redact_utterance(DETECTORS, heard("person_1 is bob"), conversation)
    assert redacted.text == "person_1 is PERSON_2"
    assert originals.restore(redacted.text).reveal() == "person_1 is bob"


def test_a_redactor_forgets_when_it_is_told():
    redactor, ready = fed("call bob", "and my pin is 4711")
    redactor.forget()
    assert redactor.conversation.restore(ready[0].text).reveal() == ready[0].text
    with pytest.raises(KeyError):
        redactor.originals(ready[0])
    assert redactor.flush() == ()


def test_a_conversation_does_not_print_pickle_or_copy():
    conversation = Conversation()
    conversation.placeholder("PERSON", "ada", ())
    assert "ada" not in repr(conversation)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(conversation)


def test_every_detector_tells_its_name_types_and_cost():
    for detector in make_detectors(RedactionSettings(words={"PERSON": ("ada",)})):
        assert detector.name
        assert detector.cost > 0
        assert all(kind.isupper() for kind in detector.types)
        said = "ada's pin is 4711, mail a@b.org, born 4 may 1980, lives at 12 elm street, k_d_4"
        assert {f.type for f in detector.find(heard(said))} <= set(detector.types)


def test_findings_of_any_detector_may_cross_a_pause():
    class Whole:
        name, types, cost = "whole", ("ALL",), 1.0

        def find(self, transcript: Transcript) -> list[Finding]:
            text = transcript.text.reveal()
            return [Finding(text.index("<"), text.rfind(">") % len(text) + 1, "ALL", 1.0)]

    redactor = Redactor((Whole(),))
    ready = [
        *redactor.feed(heard("a < b")),
        *redactor.feed(heard("c", 1)),
        *redactor.feed(heard("d > rest", 2)),
    ]
    assert [redacted.text for redacted in ready] == ["a ALL_1", "ALL_1", "ALL_1 rest"]
