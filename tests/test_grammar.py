"""Templates become networks of words that hold the same sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hassil import Intents
from hassil.sample import sample_intents
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import SentencesError
from pipeline.grammar import Grammar, Reader, compile_grammar, letters
from pipeline.grammar.automaton import Automaton
from pipeline.grammar.compile import automaton_of
from pipeline.grammar.confidence import Segment, confidence
from pipeline.grammar.espeak import arpabet
from pipeline.grammar.grammar import load, save


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    """A dictionary of a few words."""
    path = tmp_path / "words.dict"
    path.write_text(
        "turn T ER N\non AA N\noff AO F\nthe DH AH\nthe(2) DH IY\nlamp L AE M P\n"
        "t. T IY\nv. V IY\ntwenty T W EH N T IY\none W AH N\nalexa AH L EH K S AH\n"
    )
    return path


def source(*sentences: str, **more: object) -> dict[str, object]:
    return {"intents": {"Do": {"data": [{"sentences": list(sentences)}]}}, **more}


def spoken(automaton: Automaton, state: int = 0) -> Iterator[str]:
    if automaton.final[state] > 0:
        yield ""
    for word, end, _ in automaton.arcs[state]:
        for rest in spoken(automaton, end):
            yield f"{word} {rest}".strip()


def things(**domains: str) -> dict[str, object]:
    values = [
        {"in": name, "plain": True, "context": {"domain": domain}}
        for name, domain in domains.items()
    ]
    return {"name": {"values": values}}


def test_a_template_gives_exactly_its_sentences() -> None:
    automaton = automaton_of([source("turn (on|off) [the] lamp[s]")], {})
    assert sorted(spoken(automaton)) == sorted(
        f"turn {way} {the}lamp{plural}"
        for way in ("on", "off")
        for the in ("", "the ")
        for plural in ("", "s")
    )


def test_parts_of_a_sentence_may_come_in_any_order() -> None:
    automaton = automaton_of([source("a ([big];[red]) lamp")], {})
    assert sorted(spoken(automaton)) == [
        "a big lamp", "a big red lamp", "a lamp", "a red big lamp", "a red lamp",
    ]  # fmt: skip


def test_an_entity_stands_only_where_its_domain_fits() -> None:
    data = [
        {"sentences": ["open {name}"], "requires_context": {"domain": ["cover"]}},
        {"sentences": ["lock {name}"], "requires_context": {"domain": "lock"}},
    ]
    automaton = automaton_of(
        [{"intents": {"Do": {"data": data}}}], things(gate="cover", door="lock")
    )
    assert sorted(spoken(automaton)) == ["lock door", "open gate"]


def test_a_sentence_about_things_that_are_not_there_is_left_out() -> None:
    data = [{"sentences": ["open {name}"], "requires_context": {"domain": ["cover"]}}]
    automaton = automaton_of([{"intents": {"Do": {"data": data}}}], things(desk="light"))
    assert list(spoken(automaton)) == []


def test_numbers_are_said_as_words() -> None:
    lists = {"minutes": {"range": {"from": 19, "to": 22}}}
    automaton = automaton_of([source("{minutes}( |-)minute[s]", lists=lists)], {})
    assert "twenty one minutes" in set(spoken(automaton))
    assert len(list(spoken(automaton))) == 8


def test_what_nobody_can_say_closes_its_path() -> None:
    assert set(spoken(automaton_of([source("fifty( percent|%|°)")], {}))) == {"fifty percent"}


def test_the_weights_of_a_state_are_probabilities() -> None:
    lists = {"n": {"range": {"from": 1, "to": 30}}}
    automaton = automaton_of(
        [source("turn (on|off) [the] lamp", "turn {n} lamps", lists=lists)], {}
    )
    for leaving, final in zip(automaton.arcs, automaton.final, strict=True):
        assert sum(share for _, _, share in leaving) + final == pytest.approx(1.0)


@pytest.mark.parametrize(
    "broken", ["turn on [the lamp", "turn on <nothing>", "turn on {nothing}", "<loop>"]
)
def test_a_broken_sentence_is_named(broken: str) -> None:
    with pytest.raises(SentencesError, match="Do: "):
        automaton_of([source(broken, expansion_rules={"loop": "again <loop>"})], {})


@settings(deadline=None)
@given(st.recursive(
    st.sampled_from(["on", "off", "the", "big lamp"]),
    lambda inner: st.one_of(
        inner.map(lambda text: f"[{text}]"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(" ".join),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"({';'.join(parts)})"),
    ),
    max_leaves=6,
))  # fmt: skip
def test_every_template_holds_what_hassil_samples_from_it(template: str) -> None:
    document = source(f"turn {template}", language="en")
    texts = {" ".join(text.split()) for _, text in sample_intents(Intents.from_dict(document))}
    assert set(spoken(automaton_of([document], {}))) == texts


def compiled(dictionary: Path, *sentences: str, cache: Path | None = None) -> Grammar:
    return compile_grammar([source(*sentences)], {}, dictionary, ("alexa",), cache)


def test_a_reader_tells_a_whole_command_from_half_of_one(dictionary: Path) -> None:
    reader = Reader(compiled(dictionary, "turn on [the lamp]"))
    half, whole, last, none = (
        reader.read(text.split()) for text in ("turn", "turn on", "turn on the lamp", "lamp")
    )
    assert (half.complete, half.extendable) == (False, True)
    assert (whole.complete, whole.extendable) == (True, True)
    assert (last.complete, last.extendable) == (True, False)
    assert (none.complete, none.extendable) == (False, False)


def test_a_grammar_survives_the_disk(dictionary: Path, tmp_path: Path) -> None:
    grammar = compiled(dictionary, "turn (on|off) [the] lamp")
    save(grammar, tmp_path / "kept.json")
    assert load(tmp_path / "kept.json") == grammar


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 0}', '{"version": 2, "arcs": [[["a", 7, 1]]]}']
)
def test_a_damaged_file_is_no_grammar(text: str, tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text(text)
    assert load(tmp_path / "kept.json") is None


def test_a_compile_of_the_same_inputs_is_kept_and_of_others_replaced(
    dictionary: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = compiled(dictionary, "turn on", cache=cache)
    assert compiled(dictionary, "turn on", cache=cache) == first
    compiled(dictionary, "turn off", cache=cache)
    assert len(list(cache.iterdir())) == 1


def test_words_of_the_dictionary_keep_all_their_pronunciations(dictionary: Path) -> None:
    grammar = compiled(dictionary, "turn on the lamp")
    assert grammar.pronunciations["the"] == ("DH AH", "DH IY")
    assert grammar.guessed == ()


def test_letters_and_digits_in_names_are_spelled_out(dictionary: Path) -> None:
    grammar = compiled(dictionary, "turn on tv", "turn on lamp 21")
    assert grammar.pronunciations["tv"] == ("T IY V IY",)
    assert grammar.pronunciations["21"] == ("T W EH N T IY W AH N",)


def test_unknown_words_are_guessed_with_and_without_espeak(
    dictionary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.grammar.espeak.is_installed", lambda: False)
    grammar = compiled(dictionary, "turn on the bolo")
    assert grammar.guessed == ("bolo",)
    assert grammar.pronunciations["bolo"][0].split()[0] == "B"


def test_the_phonemes_of_espeak_become_arpabet() -> None:
    assert arpabet("k_,a_p_u:_tS_'i:_n_oU") == "K AE P UW CH IY N OW"


def test_letters_are_read_in_their_context() -> None:
    says = letters.guess(["phone", "ship", "Zoë", "123"])
    assert says["phone"][0].startswith("F ")
    assert says["ship"] == ("SH IH P",)
    assert says["Zoë"][0].startswith("Z ")
    assert "123" not in says


def test_words_that_fit_worse_than_any_phones_are_doubted() -> None:
    phones = [Segment("AA", 0, 99, -3000.0)]
    good = confidence([Segment("on", 0, 99, -3200.0)], phones, -5.0)
    bad = confidence([Segment("on", 0, 99, -9000.0)], phones, -5.0)
    assert bad < 0.1
    assert good > 0.9
    assert confidence([], phones, 0.0) == 0.0
    talk_in_silence = Segment("<sil>", 10, 99, -7000.0, is_speech=False)
    assert confidence([Segment("on", 0, 9, -320.0), talk_in_silence], phones, -5.0) < 0.5


def test_a_sentence_that_is_one_of_very_many_for_so_short_a_sound_is_doubted() -> None:
    phones = [Segment("AA", 0, 99, -3000.0)]
    path = [Segment("on", 0, 99, -4800.0)]
    assert confidence(path, phones, -4.0) > 0.5
    assert confidence(path, phones, -20.0) < 0.1
    assert confidence(path, phones, -math.inf) < 1e-9


def test_the_likelihoods_of_all_sentences_are_a_distribution(dictionary: Path) -> None:
    reader = Reader(compiled(dictionary, "turn (on|off) [the] lamp", "stop"))
    said = ["turn on lamp", "turn off lamp", "turn on the lamp", "turn off the lamp", "stop"]
    chances = [math.exp(reader.likelihood(text.split())) for text in said]
    assert sum(chances) == pytest.approx(1.0, abs=1e-6)
    assert reader.likelihood(["turn", "on"]) == -math.inf
    assert reader.likelihood(["turn", "up", "lamp"]) == -math.inf


def test_a_large_house_is_no_harder_to_command() -> None:
    def one_of(many: int) -> float:
        row = tuple((f"lamp {number}", 1, 1.0 / many) for number in range(many))
        return Reader(Grammar(Automaton((row, ()), (0.0, 1.0)), {}, ())).likelihood(["lamp 1"])

    assert one_of(10) == pytest.approx(-math.log(10))
    assert one_of(10_000) == pytest.approx(-math.log(100))
