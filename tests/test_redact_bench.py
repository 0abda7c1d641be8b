"""`sotto bench redact`: its figures are those of the scorer that everyone uses."""

from __future__ import annotations

import importlib.util
import json
import random
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assistant import build
from assistant.bench.leaks import PRESIDIO_NAMES, Place, Score, Sentence, load
from assistant.bench.plot import Curve, draw
from assistant.bench.redact import Cut, cut_of, places
from assistant.errors import AssistantError
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import Transcript
from pipeline.redactor import redact_utterance
from tests.cli import one_line, sotto

HAND = sorted((Path(__file__).parent / "redaction").glob("*.jsonl"))


def sentence(text: str, *marked: tuple[str, str], **more: Any) -> Sentence:
    spans = tuple(span(text, words, kind) for words, kind in marked)
    return Sentence(id="1", text=text, spans=spans, **more)


def span(text: str, words: str, kind: str = "PERSON") -> Place:
    start = text.index(words)
    return Place(start=start, end=start + len(words), type=kind)


CALL = "uh call ada uh lovelace on 555 0142"
ADA = ("ada uh lovelace", "PERSON")
NUMBER = ("555 0142", "PHONE")


@pytest.mark.parametrize(
    ("redacted", "figures"),
    [
        # a filler inside need not be found
        (["ada", "lovelace", "555 0142"], {"leak_rate": 0, "span_recall": 100, "collateral": 0}),
        (["ada", "555 0142"], {"leak_rate": 100, "gross_leak": 100, "span_recall": 50}),
        (["lovelace", "555 0142"], {"leak_rate": 100, "gross_leak": 0, "char_recall": 83.33}),
        ([], {"leak_rate": 100, "gross_leak": 100, "span_recall": 0, "span_precision": None}),
        ([CALL], {"leak_rate": 0, "collateral": 100, "span_precision": 100, "char_precision": 75}),
        (["call"], {"span_precision": 0, "char_precision": 0}),
    ],
)
def test_each_figure_counts_what_it_says(redacted: list[str], figures: dict[str, float]) -> None:
    score = Score()
    score.add(sentence(CALL, ADA, NUMBER), [span(CALL, words) for words in redacted])
    found = score.total.figures()
    assert {name: found[name] for name in figures} == figures


def test_a_command_is_damaged_by_a_single_letter() -> None:
    score = Score()
    score.add(sentence("play hello by adele"), [])
    score.add(sentence("play hello by adele"), [span("play hello by adele", "adele")])
    assert score.total.figures()["command_damage"] == 50
    assert score.damaged == ["1"]


def test_core_asks_nothing_of_what_tells_little() -> None:
    score = Score(core=True)
    score.add(sentence("ada is nine", ("ada", "PERSON"), ("nine", "AGE")), [span("ada is", "ada")])
    score.add(sentence("she is nine", ("nine", "AGE")), [span("she is nine", "nine")])
    figures = score.total.figures()
    assert (figures["pii_utts"], figures["leak_rate"], figures["collateral"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("sent", "leaks"),
    [
        ([], 0),
        (["HassTurnOn", "<PERSON>"], 0),
        (["Lovelace"], 1),
        (["call", "on"], 0),  # the unmarked words explain them
        (["call", "call"], 0),
    ],
)
def test_a_marked_word_that_left_is_a_leak(sent: list[str], leaks: int) -> None:
    score = Score()
    score.add_sent(sentence(CALL, ADA, NUMBER), sent)
    assert score.total.leaks == leaks


def test_a_figure_is_the_number_word_it_stands_for() -> None:
    score = Score()
    score.add_sent(sentence("my pin is four seven", ("four seven", "SECRET")), ["7"])
    assert score.total.leaks == 1


def scorer(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", folder / "redaction" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = {ours: theirs for theirs, ours in PRESIDIO_NAMES.items()}


@pytest.mark.shared
@pytest.mark.parametrize("core", [False, True])
def test_the_figures_are_those_of_the_scorer(shared_data: Path, core: bool) -> None:
    path = shared_data / "redaction" / "dev.jsonl"
    detectors = build.detectors(Settings())
    score, predictions = Score(core), {}
    for one in load([path]):
        transcript = Transcript(0, Private(one.text), 1.0)
        found = places(redact_utterance(detectors, transcript)[0], 0)
        score.add(one, found)
        theirs = [
            {**place.model_dump(), "type": NAMES.get(place.type, place.type)} for place in found
        ]
        predictions[one.id] = {"spans": theirs}
    assert_same(score, scorer(shared_data), path, predictions)


@pytest.mark.shared
@pytest.mark.parametrize("core", [False, True])
def test_what_was_sent_is_scored_as_the_scorer_does(shared_data: Path, core: bool) -> None:
    path = shared_data / "redaction" / "dev.jsonl"
    score, predictions = Score(core), {}
    for one in load([path]):
        chance = random.Random(one.id)
        sent = [word for word in one.text.split() if chance.random() < 0.1]
        score.add_sent(one, sent)
        predictions[one.id] = {"sent": sent}
    assert_same(score, scorer(shared_data), path, predictions, skip=("type_accuracy",))


def assert_same(
    score: Score, theirs: ModuleType, path: Path, predictions: Any, skip: tuple[str, ...] = ()
) -> None:
    expected = theirs.score(theirs.load(path), predictions, core=score.core)
    figures = score.figures()
    for name in ("types", "leaking_ids"):
        assert figures[name] == expected[name]
    assert without(figures["overall"], skip) == without(expected["overall"], skip)
    for group, values in expected["groups"].items():
        assert without(figures["groups"][group], skip) == without(values, skip), group


def without(figures: Any, skip: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in skip}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"id": "1", "text": "x"}', "set.jsonl:2: spans: Field required"),
        (b'{"id": "1", "text": "x", "spans": [{}]}', "set.jsonl:2: spans.0.start"),
        (b"{", "set.jsonl:2: the line"),
        (b'{"id": "1", "text": "\xff", "spans": []}', "set.jsonl:2: the line"),
    ],
)
def test_a_broken_set_is_named_with_its_line(tmp_path: Path, line: bytes, problem: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b'{"id": "0", "text": "x", "spans": []}\n' + line)
    with pytest.raises(AssistantError) as caught:
        load([path])
    assert problem in str(caught.value)
    assert one_line(str(caught.value))


def test_a_sentence_is_cut_at_a_space_inside_a_marked_place_and_always_the_same() -> None:
    one = sentence(CALL, ADA, NUMBER)
    cut = cut_of(one)
    assert cut is not None
    assert cut == cut_of(one)
    assert CALL[cut] == " "
    assert any(place.start < cut < place.end for place in one.spans)
    lone = sentence("call ada now", ("ada", "PERSON"))
    assert cut_of(lone) == 4
    assert cut_of(sentence("ada called", ("ada", "PERSON"))) is None


def test_places_of_both_parts_are_places_in_the_whole_sentence() -> None:
    card = "4111 1111 1111 1111"
    one = sentence(f"my card number is {card}, thank you", (card, "CREDIT_CARD"))
    score = Score()
    score.add(one, Cut(build.detectors(Settings()))(one))
    figures = score.total.figures()
    assert (figures["leak_rate"], figures["collateral"]) == (0, 0)


CURVES = [Curve("all", ((0.5, 20.0, 0.9), (2.0, 3.0, 0.5))), Curve("spoken & co", ((0, 9.5, 1),))]


def test_a_picture_is_drawn_as_svg(tmp_path: Path) -> None:
    path = tmp_path / "leak.svg"
    draw(path, CURVES)
    text = path.read_text()
    assert text.startswith("<svg ")
    assert "spoken &amp; co" in text


def test_a_picture_is_drawn_as_png(tmp_path: Path) -> None:
    path = tmp_path / "leak.png"
    draw(path, CURVES)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    size = int.from_bytes(data[33:37], "big")
    rows = zlib.decompress(data[41 : 41 + size])
    assert len(rows) == 560 * (800 * 3 + 1)
    assert rows.count(b"\xff") < len(rows)


def test_a_picture_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match=r"\.svg or \.png"):
        draw(tmp_path / "leak.jpg", CURVES)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.jsonl"
    lines = HAND[0].read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join((*lines[:12], *lines[-12:])), encoding="utf-8")
    return path


def test_the_bench_tells_leaks_costs_and_the_cut(small: Path, tmp_path: Path) -> None:
    plot = tmp_path / "p.svg"
    ran = sotto("bench", "redact", small, "--cut", "--plot", plot, "--json")
    figures = json.loads(ran.out)
    own = figures["sotto"]
    assert own["overall"]["pii_utts"] == own["overall"]["commands"] == 12
    assert {"p50 CPU ms", "p99 CPU ms", "memory added MiB", "first call ms"} <= own["cost"].keys()
    assert figures["sotto, cut in two"]["overall"]["pii_utts"] == 12
    assert plot.exists()


def test_the_bench_prints_a_table(small: Path) -> None:
    ran = sotto("bench", "redact", small, "--mode", "intent")
    assert ran.status == 0
    assert "intent mode: 12 sentences with marked places, 12 without" in ran.out
    assert "style=spoken" in ran.out


@pytest.mark.parametrize("path", HAND, ids=lambda path: path.stem)
def test_a_set_by_hand_marks_whole_words_of_its_own_sentences(path: Path) -> None:
    sentences = load([path])
    assert len({one.id for one in sentences}) == len(sentences)
    assert len({one.text for one in sentences}) == len(sentences)
    for one in sentences:
        ends = [0, *(edge for place in one.spans for edge in (place.start, place.end))]
        assert ends == sorted(ends), one.id
        for place in one.spans:
            words = one.text[place.start : place.end]
            assert words == words.strip(), one.id
            assert words, one.id
