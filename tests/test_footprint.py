"""What keeps the daemon small and its start quick."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeline.grammar as grammar_package
from assistant.errors import SentencesError
from pipeline.grammar import Grammar, compile_grammar
from pipeline.grammar.automaton import Automaton, merge

DICTIONARY = """\
turn T ER N
on AA N
off AO F
the DH AH
lamp L AE M P
yes Y EH S
alexa AH L EH K S AH
"""


def source(*sentences, **more):
    return {"intents": {"Do": {"data": [{"sentences": list(sentences)}]}}, **more}


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "small.dict"
    path.write_text(DICTIONARY)
    return path


@pytest.fixture
def apart(monkeypatch):
    """Nothing is compiled in this process."""

    def never(*_arguments):
        raise AssertionError("compiled here")

    monkeypatch.setattr(grammar_package, "compiled", never)


def test_a_grammar_is_compiled_in_a_process_of_its_own_and_is_the_same(
    dictionary, tmp_path, monkeypatch
):
    lists = {"name": {"values": [{"in": "lamp", "plain": True, "context": {"domain": "light"}}]}}
    here = compile_grammar([source("turn (on|off) [the] {name}")], lists, dictionary, ("alexa",))
    monkeypatch.setattr(grammar_package, "compiled", lambda *_arguments: pytest.fail("here"))
    there = compile_grammar(
        [source("turn (on|off) [the] {name}")], lists, dictionary, ("alexa",), tmp_path / "cache"
    )
    assert isinstance(there, Grammar)
    assert there == here


def test_a_broken_sentence_is_named_from_there_too(dictionary, tmp_path, apart):
    with pytest.raises(SentencesError, match=r"Do: .*turn on \[the lamp"):
        compile_grammar([source("turn on [the lamp")], {}, dictionary, (), tmp_path / "cache")


def test_where_no_process_can_be_started_it_is_compiled_here(dictionary, tmp_path, monkeypatch):
    def refuse(*_arguments, **_more):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(subprocess, "run", refuse)
    cache = tmp_path / "cache"
    grammar = compile_grammar([source("turn on")], {}, dictionary, (), cache)
    assert compile_grammar([source("turn on")], {}, dictionary, (), cache) == grammar
    assert len(list(cache.iterdir())) == 1


def test_the_grammar_of_answers_stays_in_the_cache_beside_that_of_commands(
    dictionary, tmp_path, monkeypatch
):
    cache = tmp_path / "cache"
    for _ in range(2):
        compile_grammar([source("turn on")], {}, dictionary, (), cache)
        compile_grammar([source("yes")], {}, dictionary, (), cache, kind="answers")
        monkeypatch.setattr(subprocess, "run", lambda *_arguments, **_more: pytest.fail("again"))
    assert sorted(path.name.split("-")[0] for path in cache.iterdir()) == ["answers", "grammar"]


def said(automaton: Automaton) -> dict[tuple[str, ...], float]:
    """Every sentence, and how likely it is."""
    found: dict[tuple[str, ...], float] = {}

    def walk(state: int, words: tuple[str, ...], share: float) -> None:
        if automaton.final[state] > 0:
            found[words] = found.get(words, 0.0) + share * automaton.final[state]
        for word, end, part in automaton.arcs[state]:
            walk(end, (*words, word), share * part)

    walk(0, (), 1.0)
    return found


@st.composite
def automata(draw):
    """Small ones without loops: arcs lead to states with larger numbers."""
    count = draw(st.integers(1, 6))
    shares = st.sampled_from([0.25, 0.5, 1.0])
    arcs = tuple(
        tuple(
            sorted(
                draw(
                    st.lists(
                        st.tuples(st.sampled_from("ab"), st.integers(state + 1, count - 1), shares),
                        max_size=3,
                    )
                )
                if state + 1 < count
                else []
            )
        )
        for state in range(count)
    )
    return Automaton(arcs, tuple(draw(st.sampled_from([0.0, 0.5])) for _ in range(count)))


@given(automata())
def test_merged_states_say_the_same_sentences_just_as_likely(automaton):
    merged = merge(automaton)
    assert said(merged) == pytest.approx(said(automaton))
    assert len(merged.arcs) <= len(automaton.arcs)
    assert merge(merged) == merged


def test_states_with_the_same_future_are_one():
    tail = (("on", 3, 1.0),)
    merged = merge(
        Automaton(((("a", 1, 0.5), ("b", 2, 0.5)), tail, tail, ()), (0.0, 0.0, 0.0, 1.0))
    )
    assert len(merged.arcs) == 3


@pytest.mark.parametrize("filling", ["", "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"])
def test_a_big_buffer_that_is_not_used_takes_no_memory_at_the_start(filling):
    program = (
        "import ctypes; from assistant import memory; from assistant.bench.processes import *\n"
        "libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p\n"
        "libc.malloc.argtypes = (ctypes.c_size_t,)\n"
        "before = footprint().resident\n"
        "with memory.unfilled(): one = libc.malloc(64 << 20)\n"
        "between = footprint().resident\n"
        "two = libc.malloc(64 << 20)\n"
        "print(between - before, footprint().resident - between)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "GLIBC_TUNABLES": filling, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )
    unfilled, usual = map(float, done.stdout.split())
    assert unfilled < 8
    assert usual > 60 if filling else usual < 8


def test_the_daemon_loads_nothing_that_has_a_network_or_reads_files_of_sound():
    program = "import sys, assistant.commands.run; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )
    heavy = {"aiomqtt", "paho", "websockets", "zeroconf", "soundfile", "faster_whisper", "piper"}
    assert heavy & set(done.stdout.split()) == set()
