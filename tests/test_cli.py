"""The command line: a contract with other programs, and clear words for people."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli import SOTTO, here, one_line, sotto, start


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--config", "nowhere.yaml", "parse", "hello"], 2, "nowhere.yaml: No such file"),
        (["parse", "--things", "nowhere.yaml", "hello"], 1, "nowhere.yaml: No such file"),
        (["parse", "--sentences", "nowhere.yaml", "x y"], 1, "nowhere.yaml: No such file"),
        (["replay", "--recognizer", "whisper", "a.wav"], 1, "no model is named"),
        (["replay", "--recognizer", "whisper", "--whisper-model", "/no", "a.wav"], 1, "/no"),
    ],
)
def test_a_mistake_is_one_clear_line(words: list[str], status: int, said: str) -> None:
    ran = here(*words)
    assert ran.status == status
    assert one_line(ran.err)
    assert said in ran.err


def test_an_unknown_command_is_misuse() -> None:
    with pytest.raises(SystemExit) as stopped:
        here("sing")
    assert stopped.value.code == 2


def test_a_settings_file_of_ten_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"#" * (10 << 20))
    ran = here("--config", path, "parse", "hello")
    assert (ran.status, one_line(ran.err)) == (2, True)
    assert "larger than" in ran.err


def test_a_broken_sentence_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "language: en\nintents:\n  X:\n    data:\n      - sentences:\n          - 'a (b'\n"
    )
    ran = here("parse", "--sentences", path, "hello there")
    assert (ran.status, one_line(ran.err)) == (1, True)
    assert "mine.yaml:6" in ran.err
    assert "a (b" in ran.err


def test_common_options_stand_before_or_after_the_command() -> None:
    before = here("--json", "parse", "what time is it").events
    assert before == here("parse", "--json", "what time is it").events
    assert before[1]["name"] == "HassGetCurrentTime"


def test_bare_words_are_one_sentence_and_quoted_ones_are_several() -> None:
    assert len(here("parse", "--json", "what", "time", "is", "it").of("intent")) == 1
    several = here("parse", "--json", "what time is it", "never mind").of("intent")
    assert [event["name"] for event in several] == ["HassGetCurrentTime", "HassNevermind"]


def test_a_text_that_means_nothing_is_an_answer_too() -> None:
    ran = here("parse", "--json", "colourless green ideas")
    assert (ran.status, ran.of("intent")[0]["name"]) == (0, None)


def test_the_reader_of_the_output_may_go_away(recordings: Path, tmp_path: Path) -> None:
    clips = [str(recordings / "cmd_time.flac")] * 3
    command = [SOTTO, "replay", "--json", "--no-wake", "--state", str(tmp_path), *clips]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
    assert process.returncode == 1
    assert one_line(err)


def test_a_full_disk_on_stdout_is_one_line(recordings: Path, tmp_path: Path) -> None:
    words = [SOTTO, "parse", "--json", "what time is it"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert one_line(done.stderr.decode())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.15, 0.6, 1.5, 3.0])
def test_a_signal_at_any_moment_ends_it_cleanly(
    recordings: Path, tmp_path: Path, number: signal.Signals, after: float
) -> None:
    process = start(
        "replay", "--realtime", "--json", "--state", tmp_path, recordings / "alexa_time.flac"
    )
    time.sleep(after)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    if process.returncode < 0:
        # Python itself had not come as far as our first line.
        assert after < 0.5
        return
    assert process.returncode in (0, 130)
    assert "Traceback" not in err.decode()
    assert all(json.loads(line) for line in out.decode().splitlines())
    assert not list(tmp_path.rglob("*.tmp*"))


def test_pcm_on_stdin_is_heard(recordings: Path, tmp_path: Path) -> None:
    import soundfile

    samples, rate = soundfile.read(recordings / "cmd_time.flac", dtype="int16")
    assert rate == 16_000
    ran = sotto("replay", "--json", "--no-wake", "--state", tmp_path, "-", stdin=samples.tobytes())
    assert [event["name"] for event in ran.of("intent")] == ["HassGetCurrentTime"]


def test_check_says_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    ran = here("check", "--state", tmp_path, "--json")
    findings = {finding["part"]: finding for finding in json.loads(ran.out)}
    assert findings["recognizer"]["state"] == "ok"
    assert findings["wake word"]["state"] == "ok"
    assert ran.status == (1 if any(f["state"] == "missing" for f in findings.values()) else 0)


def test_the_demo_shows_the_main_job(tmp_path: Path) -> None:
    ran = sotto("demo")
    assert ran.status == 0, ran.err
    for text in (
        "turn on the kitchen light",
        "call PHONE_NUMBER_1",
        "CallNumber phone_number='<PHONE_NUMBER>'",
        "needs a yes",
        "Nothing left this machine and nothing was kept",
    ):
        assert text in ran.out
    assert "five five five" not in ran.out + ran.err


def test_the_environment_is_not_asked_for_a_network(tmp_path: Path, recordings: Path) -> None:
    """With every name look-up and proxy broken, the job is done all the same."""
    environment = {
        **os.environ,
        "http_proxy": "http://127.0.0.1:1",
        "https_proxy": "http://127.0.0.1:1",
    }
    words = [
        SOTTO,
        "replay",
        "--json",
        "--no-wake",
        "--state",
        tmp_path,
        recordings / "cmd_time.flac",
    ]
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert done.returncode == 0


def test_a_wake_engine_that_is_freed_swallows_no_error() -> None:
    """pymicro-features clears a pending exception when its extractor is freed."""
    from assistant.settings import WakeSettings
    from pipeline.engines.wake import wake_detector

    def fail(_detector: object, _problem: object) -> None:
        raise AssertionError

    with pytest.raises(ZeroDivisionError):
        fail(wake_detector(WakeSettings()), 1 / 0)
