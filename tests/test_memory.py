"""What is left of an utterance after five seconds; scripts/memory_canaries.py does it at length."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import quiet
from assistant.private import Private
from assistant.settings import RedactionSettings
from assistant.types import FRAME_BYTES, Transcript, Utterance
from pipeline.detectors import make_detectors
from pipeline.dialogue import Dialogue
from pipeline.locked_memory import LockedMemory
from pipeline.resting import ROOM, Rest
from scripts.memory_canaries import is_kept, measure
from scripts.memory_search import in_files, in_process, needles

IS_ROOT = os.geteuid() == 0
COMPLETE = "from assistant import quiet; quiet.close_up(); "


def run(program: str, **more: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", program]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(not IS_ROOT, reason="only root may look into the memory of such a process")
def test_five_seconds_after_an_utterance_nothing_of_it_is_left(tmp_path):
    found = measure(tmp_path, whole=False)
    assert is_kept(found), found


def test_the_process_is_not_dumpable():
    """So /proc/PID/mem and ptrace are root's alone: proc(5), PR_SET_DUMPABLE in prctl(2)."""
    asked = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    assert run(asked).stdout == "1\n"
    assert run(f"{COMPLETE}{asked}").stdout == "0\n"


def test_what_we_start_may_not_write_core_files_either():
    asked = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert run(f"{COMPLETE}{asked}").stdout == "(0, 0)\n"


@pytest.mark.skipif(
    Path("/proc/sys/kernel/core_pattern").read_text().strip() != "core",
    reason="this system keeps core files elsewhere (core_pattern)",
)
def test_a_crash_leaves_no_core_file(tmp_path):
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    allowed = f"import resource; resource.setrlimit(resource.RLIMIT_CORE, ({hard}, {hard})); "
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for closing, left in ((COMPLETE, False), ("", hard != 0)):
        run(f"{allowed}{closing}import os; os.abort()", cwd=tmp_path, env=environment)
        assert any(tmp_path.glob("core*")) is left


@pytest.mark.parametrize(
    ("allocator", "tunables", "wipes"),
    [
        ("malloc", "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0", True),
        ("malloc", "glibc.malloc.tcache_count=0:glibc.malloc.perturb=1", True),
        ("malloc", "glibc.malloc.perturb=0:glibc.malloc.tcache_count=0", False),
        ("malloc", "glibc.malloc.perturb=165", False),
        ("malloc", "glibc.malloc.perturb=165:glibc.malloc.tcache_count=7", False),
        ("malloc", "", False),
        ("pymalloc", "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0", False),
        (None, None, False),
    ],
)
def test_an_allocator_that_does_not_wipe_is_told(allocator, tunables, wipes, caplog):
    given = {"PYTHONMALLOC": allocator, "GLIBC_TUNABLES": tunables}
    environment = {name: value for name, value in given.items() if value is not None}
    assert quiet.wipes(environment) is wipes
    quiet.say_if_not(environment)
    assert ("words stay in freed memory" in caplog.text) is not wipes


def test_what_the_unit_sets_is_what_wipes():
    assert quiet.wipes(quiet.WIPING)


# Between two utterances


DETECTORS = make_detectors(RedactionSettings())


def utterance(number: int, start: float) -> Utterance:
    return Utterance(number, start, start + 2, start + 1, "silence", Private(bytes(FRAME_BYTES)))


def said(dialogue: Dialogue, number: int, start: float, text: str) -> str:
    transcript = Transcript(number, Private(text), 0.9)
    return dialogue.redact(utterance(number, start), transcript)[0].text


def test_a_dialogue_that_rested_goes_on_as_if_it_had_not():
    rested, awake = (Dialogue(lambda: DETECTORS) for _ in range(2))
    talk = ["my name is ada lovelace", "call ada", "my card number is", "4111 1111 1111 1111",
            "and my phone number is five five five", "zero one two three four"]  # fmt: skip
    for number, text in enumerate(talk):
        expected = said(awake, number, 5.0 * number, text)
        assert said(rested, number, 5.0 * number, text) == expected
        rested.rest()
        assert rested.quote(f"that was {text}") == awake.quote(f"that was {text}")


def test_a_dialogue_that_rests_holds_no_words():
    dialogue = Dialogue(lambda: DETECTORS)
    _, originals = dialogue.redact(
        utterance(1, 0.0), Transcript(1, Private("call john smith at 555-0134"), 0.9)
    )
    assert len(originals) == 2
    dialogue.rest()
    assert len(originals) == 0
    assert len(dialogue._redactor.conversation) == 0
    assert dialogue._redactor._context.reveal() == ""
    dialogue.rest()
    assert said(dialogue, 2, 3.0, "call john smith") == "call PERSON_1"


def test_a_dialogue_that_is_forgotten_while_it_rests_is_forgotten():
    dialogue = Dialogue(lambda: DETECTORS)
    said(dialogue, 1, 0.0, "call john smith and mary jones")
    dialogue.rest()
    dialogue.forget()
    assert said(dialogue, 2, 3.0, "call mary jones") == "call PERSON_1"


def test_what_is_put_away_comes_back_once_and_what_is_too_long_does_not():
    rest = Rest()
    assert rest.take() is None
    assert rest.put(b"first")
    assert rest.put(b"second, longer")
    assert rest.take() == b"second, longer"
    assert rest.take() is None
    assert rest._memory is not None
    assert not any(rest._memory.view)
    assert not rest.put(bytes(ROOM + 1))
    assert rest.take() is None


# The search sees what it looks for


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32-le"])
def test_the_search_finds_words_in_memory_however_they_lie_and_not_in_secret_memory(encoding):
    words = "".join(["zan", "zibar", " was ", encoding])
    wanted = needles(words, b"")
    kept = bytearray(words.encode(encoding))
    if not IS_ROOT:
        pytest.skip("this process has closed its memory")
    assert in_process(os.getpid(), wanted)[f"text, {encoding}"] >= 1
    secret = LockedMemory(4096)
    secret.view[: len(kept)] = kept
    before = in_process(os.getpid(), {"x": bytes(kept)})["x"]
    secret.view[: len(kept)] = bytes(len(kept))
    after = in_process(os.getpid(), {"x": bytes(kept)})["x"]
    assert (before == after) is (secret.kind == "secret")


def test_the_search_finds_sound_in_files_across_pieces(tmp_path):
    import numpy as np

    pcm = (np.sin(np.arange(16_000) / 5) * 9000).astype("<i2").tobytes()
    wanted = needles("none", pcm)
    (tmp_path / "file").write_bytes(bytes((1 << 20) - 7_000) + pcm + bytes(3 << 20))
    found = in_files(tmp_path, wanted)
    assert {name for name in wanted if "16 bit, " in name and "float" not in name} <= found.keys()
