"""`sotto redact`: a line in, a line out, and no word of what was private."""

from __future__ import annotations

import io
import json
import os
import re
import select
import subprocess
import unittest.mock
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import build
from assistant.commands import reading, redact
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import Transcript
from pipeline.redactor import redact_utterance
from policies.share import sent_words
from tests.cli import SOTTO, Ran, here, one_line

CARD = "4111 1111 1111 1111"
DOCS = Path(__file__).parent.parent / "docs" / "redaction.md"
HAND = sorted((Path(__file__).parent / "redaction").glob("*.jsonl"))


def fed(stdin: str | bytes, *arguments: str) -> Ran:
    """Run the command in this process with these lines to read."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    with unittest.mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(data))):
        return here("redact", *arguments)


def test_a_line_of_text_comes_back_without_what_is_private() -> None:
    ran = fed(f"my card is {CARD}\n\nturn on the light")
    assert ran.status == 0
    assert ran.out.splitlines() == ["my card is CREDIT_CARD_1", "", "turn on the light"]


def test_json_is_answered_with_its_id_and_the_places_in_the_raw_text() -> None:
    text = f"héllo 🙂 my card is {CARD}."
    (answer,) = fed(json.dumps({"id": "a-1", "text": text, "style": "x"}), "--json").events
    (span,) = answer.pop("spans")
    assert answer == {"id": "a-1", "redacted": "héllo 🙂 my card is CREDIT_CARD_1."}
    assert (text[span["start"] : span["end"]], span["type"]) == (CARD, "CREDIT_CARD")


def test_text_without_an_id_is_answered_with_the_number_of_its_line() -> None:
    assert [answer["id"] for answer in fed("one\ntwo\n", "--json").events] == [1, 2]


def test_a_conversation_is_fed_segment_by_segment() -> None:
    segments = ["my card number is 4111 1111", "1111 1111 and that is all", "turn on the light"]
    (answer,) = fed(json.dumps({"id": 7, "segments": segments}), "--json").events
    assert answer["id"] == 7
    assert len(answer["redacted"]) == len(answer["spans"]) == 3
    assert "1111" not in "".join(answer["redacted"])
    assert answer["redacted"][2] == "turn on the light"
    for segment, spans in zip(segments, answer["spans"], strict=True):
        assert all(0 <= span["start"] < span["end"] <= len(segment) for span in spans)


BROKEN = [
    (b'{"id": 1, "text": "hunter\n', "line 2: not JSON"),
    (b'["hunter"]\n', "line 2: not a JSON object"),
    (b'{"id": 1, "txt": "hunter"}\n', 'line 2: expected "text"'),
    (b'{"id": 1, "text": 5}\n', 'line 2: expected "text"'),
    (b'{"id": 1, "segments": ["hunter", 5]}\n', 'line 2: expected "text"'),
    (b'{"id": 1, "text": "hunter", "segments": []}\n', 'line 2: expected "text"'),
    (b'{"id": NaN, "text": "hunter"}\n', "line 2: not JSON"),
    (b"hunter\n", "line 2: not JSON"),
    (b'{"text": "hunter \xff"}\n', "line 2: not UTF-8"),
    (b'{"a":' * 100_000 + b"\n", "line 2: not JSON"),
    (b'{"text": "' + b"hunter" * 200_000 + b'"}\n', "line 2: longer than"),
]


@pytest.mark.parametrize(("line", "problem"), BROKEN)
def test_a_broken_line_is_named_by_its_number_and_the_rest_goes_on(
    line: bytes, problem: str
) -> None:
    read = list(reading.lines(io.BytesIO(b'{"text": "one"}\n' + line + b'{"text": "three"}\n')))
    assert [(one.number, bool(one.problem)) for one in read] == [(1, False), (2, True), (3, False)]
    assert problem in f"line 2: {read[1].problem}"
    assert "hunter" not in read[1].problem


def test_broken_lines_end_in_status_1_and_their_words_stay_unsaid() -> None:
    ran = fed(b'{"text": "one"}\nhunter\n{"id": "z", "text": "three"}\n', "--json")
    assert (ran.status, [answer["id"] for answer in ran.events]) == (1, [1, "z"])
    assert (ran.err, one_line(ran.err)) == ("sotto: line 2: not JSON\n", True)


def test_blank_lines_a_mark_of_order_and_windows_line_ends_are_no_words() -> None:
    read = list(reading.lines(io.BytesIO(b'\xef\xbb\xbf{"text": "a"}\r\n\r\n{"text": "b"}')))
    assert [(one.number, one.segments[0].reveal()) for one in read] == [(1, "a"), (3, "b")]


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line)))
def test_any_bytes_are_lines_and_every_line_is_answered(raw: list[bytes]) -> None:
    read = list(reading.lines(io.BytesIO(b"".join(line + b"\n" for line in raw))))
    numbers = [line.number for line in read]
    assert numbers == sorted(set(numbers))
    assert len(read) <= len(raw)


def test_every_line_is_answered_before_the_next_is_read() -> None:
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [SOTTO, "redact", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=plain
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(b"hello\n")
            process.stdin.flush()
            assert select.select([process.stdout], [], [], 60)[0], "no answer"
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_odd_text_is_answered_in_one_line() -> None:
    odd = ["\ud800 alone", "two\nlines\u2028three", "\x00\x1b[31m", "مرحبا PERSON_1", ""]
    ran = fed("".join(json.dumps({"text": text}) + "\n" for text in odd))
    assert (ran.status, len(ran.out.splitlines())) == (0, len(odd))


def test_explain_says_detector_rule_and_score_but_never_the_words() -> None:
    ran = fed(f"my card is {CARD}\n", "--explain")
    first, reason = ran.out.splitlines()
    assert first == "my card is CREDIT_CARD_1"
    assert reason.split()[:2] == ["11-30", "CREDIT_CARD"]
    assert "1111" not in ran.out
    (answer,) = fed(f"my card is {CARD}\n", "--explain", "--json").events
    assert answer["findings"][0].keys() == {"start", "end", "type", "score", "detector", "rule"}
    assert answer["findings"][0]["detector"]


def test_types_narrow_what_is_taken_out() -> None:
    line = f"my card is {CARD} and my server is 192.168.1.47\n"
    assert CARD in fed(line, "--types", "ip_address").out
    assert "192.168" in fed(line, "--types", "CREDIT_CARD").out
    ran = fed(line, "--types", "CARDS")
    assert (ran.status, one_line(ran.err)) == (2, True)
    assert "CREDIT_CARD" in ran.err


def test_a_threshold_leaves_out_what_is_less_certain() -> None:
    assert "CREDIT_CARD_1" in fed(f"my card is {CARD}\n", "--threshold", "0.5").out
    assert fed("hello\n", "--threshold", "2").status == 2


def test_intent_mode_sends_a_name_and_closed_slots_or_nothing() -> None:
    lines = "turn on the kitchen light\nadd hunter two to my shopping list\nmy pin is four seven\n"
    sent = [answer["sent"] for answer in fed(lines, "--json", "--mode", "intent").events]
    assert sent[0] == ["HassTurnOn", "Kitchen Light"]
    assert sent[2] == []
    assert not {"hunter", "two"} & set(" ".join(sent[1]).split())


def test_a_conversation_in_intent_mode_sends_what_each_segment_means() -> None:
    line = json.dumps({"id": 1, "segments": ["turn on the kitchen light", "my name is qzxj"]})
    (answer,) = fed(line, "--json", "--mode", "intent").events
    assert answer == {"id": 1, "sent": ["HassTurnOn", "Kitchen Light"]}


@pytest.fixture(scope="module")
def mind() -> build.Mind:
    return build.mind(Settings())


def leaving(mind: build.Mind, text: str) -> list[str]:
    redacted, _ = redact_utterance(mind.parts.detectors(), Transcript(1, Private(text), 1.0))
    intent = mind.parts.parser.parse(redacted)
    return [] if intent is None else sent_words(intent)


FREE = [
    "set a timer for {} minutes",
    "start a {} timer for five minutes",
    "add {} to my shopping list",
    "call {}",
    "turn on {}",
    "turn on the light in {}",
    "set the kitchen light to {} percent",
    "broadcast {}",
    "what is the weather in {}",
    "play {}",
]
NAMES = st.text("qzxjvwk", min_size=4, max_size=9)
NUMBERS = st.integers(10**6, 10**15).map(str)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FREE), NAMES | NUMBERS | st.builds("{} {}".format, NAMES, NUMBERS))
def test_what_no_list_knows_and_no_range_holds_never_leaves(
    mind: build.Mind, sentence: str, value: str
) -> None:
    sent = " ".join(leaving(mind, sentence.format(value))).casefold()
    assert not set(value.split()) & set(sent.split())
    assert value not in sent


def gold(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [sentence for line in lines if (sentence := json.loads(line))["spans"]]


def survivors(mind: build.Mind, sentences: list[dict[str, Any]]) -> list[str]:
    from assistant.bench.leaks import Score, Sentence

    score = Score()
    for values in sentences:
        score.add_sent(Sentence.model_validate(values), leaving(mind, values["text"]))
    return score.leaking


@pytest.mark.parametrize("path", HAND, ids=lambda path: path.stem)
def test_nothing_marked_by_hand_leaves_in_intent_mode(mind: build.Mind, path: Path) -> None:
    assert survivors(mind, gold(path)) == []


@pytest.mark.shared
def test_nothing_marked_leaves_in_intent_mode(mind: build.Mind, shared_data: Path) -> None:
    assert survivors(mind, gold(shared_data / "redaction" / "dev.jsonl")[::3]) == []


def test_segments_come_back_one_for_one() -> None:
    detectors = build.detectors(Settings())
    for segments in ([], [""], ["my pin is", "", "four seven one one"], ["a"] * 30):
        assert len(redact.redact_segments(detectors, list(map(Private, segments)))) == len(segments)


def examples() -> list[tuple[str, str, str]]:
    """The sentence, the options and the answer of every example on the page."""
    pattern = r'\$ echo "(.*)" \| sotto redact(.*)\n *(.*)\n'
    return re.findall(pattern, DOCS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "options", "answer"), examples())
def test_the_examples_on_the_page_are_true(text: str, options: str, answer: str) -> None:
    assert fed(text + "\n", *options.split()).out == answer + "\n"


def test_the_page_names_every_type_and_every_detector() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for detector in build.detectors(Settings()):
        assert f"`{detector.name}`" in page
        assert {kind for kind in detector.types if f"`{kind}`" not in page} == set()
