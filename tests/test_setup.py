"""`sotto setup` as somebody at a terminal sees it, with a microphone that can be played into."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest
import yaml
from cli import SOTTO, sotto

from assistant import settings_file
from assistant.commands import setup
from assistant.commands.setup_talk import Talk
from assistant.errors import PolicyError, SettingsError
from assistant.settings import Settings

ENTER = "\n"


class Terminal:
    """Types answers, and plays what it is told to say."""

    def __init__(self, answers, *arguments):
        self.process = subprocess.Popen(
            [SOTTO, "setup", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.process.stdin.write("".join(answers))
        self.process.stdin.close()
        self.lines = []

    def watch(self, plays):
        """Read to the end; where a line holds a key of `plays`, that is played meanwhile."""
        playing = []
        for line in self.process.stdout:
            self.lines.append(line)
            for text, play in plays.items():
                if text in line:
                    playing.append(threading.Thread(target=play))
                    playing[-1].start()
        for thread in playing:
            thread.join()
        self.process.stdout.close()
        return self.process.wait(60)


@pytest.mark.mic
def test_every_answer_is_tried_live_and_written(pulse, recordings, tmp_path, say):
    path = tmp_path / "settings.yaml"
    terminal = Terminal([ENTER] * 5, "--config", path, "--state", tmp_path / "state")
    status = terminal.watch(
        {
            "listening: say": lambda: pulse.play(recordings / "alexa_light_on.flac"),
            'say "alexa"': lambda: pulse.play(recordings / "alexa_light_on.flac"),
            'say "what': lambda: pulse.play(say("what time is it")),
        }
    )
    shown = "".join(terminal.lines)
    assert status == 0, shown
    assert "woken by alexa" in shown
    assert "which means HassGetCurrentTime" in shown
    assert settings_file.load(path).recognizer.engine == "grammar"


@pytest.mark.mic
def test_what_does_not_work_is_said_and_can_be_answered_anew(pulse, tmp_path):
    path = tmp_path / "settings.yaml"
    nothing_heard = ["\n", "3\n", "7\n"]  # silence, kept; no wake word
    no_model = ["2\n", f"{tmp_path}/nowhere\n", "2\n", "1\n", "3\n"]
    terminal = Terminal([*nothing_heard, *no_model], "--config", path, "--state", tmp_path)
    status = terminal.watch({})
    shown = "".join(terminal.lines)
    assert status == 1
    assert "it gives only zeros" in shown
    assert f"{tmp_path}/nowhere" in shown
    assert "does not work yet: microphone, recognizer" in shown
    assert settings_file.load(path).wake.engine == "none"


def test_settings_that_were_there_stay_and_the_file_before_is_kept(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("voice: {speed: 200}\nwake: {engine: none}\n")
    setup.write(path, {"wake": {"engine": "cascade"}, "recognizer": {"engine": "grammar"}})
    made = settings_file.load(path)
    assert (made.voice.speed, made.wake.engine, made.recognizer.engine) == (
        *(200, "cascade"),
        "grammar",
    )
    assert yaml.safe_load((tmp_path / "settings.yaml.before").read_text())["wake"] == {
        "engine": "none"
    }


def test_a_policy_that_was_edited_is_never_written_over(tmp_path):
    question = setup.setup_steps.policy(tmp_path)
    question.choices[0].change(Talk())
    question.choices[1].change(Talk())
    policy = tmp_path / "policy.yaml"
    assert "extends: strict" in policy.read_text()
    policy.write_text(policy.read_text() + "mute: [listening]\n")
    with pytest.raises(PolicyError, match="was edited"):
        question.choices[0].change(Talk())
    assert "mute" in policy.read_text()


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="choose another with --config"):
        setup.write(tmp_path / "file" / "settings.yaml", {})


def test_settings_that_are_broken_are_not_written_over(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("wake: {engine: nothing}\n")
    ran = sotto("setup", "--config", path, "--untried", "--state", tmp_path, stdin=b"")
    assert ran.status == 2
    assert f"{path}:1: wake.engine" in ran.err
    assert path.read_text() == "wake: {engine: nothing}\n"


class Typed(Talk):
    """Answers every question with one word."""

    def __init__(self, word):
        super().__init__()
        self.word = word

    def ask(self, question, *, hidden=False):
        return self.word


def test_every_choice_of_a_wake_word_is_one_that_can_be_set():
    for choice in setup.setup_steps.wake().choices:
        changed = choice.change(Typed("word"))
        assert setup.changed(Settings(), changed).wake.engine in ("cascade", "openwakeword", "none")


@pytest.fixture
def say(tmp_path):
    def spoken(text):
        path = tmp_path / f"{text.replace(' ', '_')}.wav"
        subprocess.run(["espeak-ng", "-w", str(path), text], check=True, env=os.environ)
        return path

    return spoken
