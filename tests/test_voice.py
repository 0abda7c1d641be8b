"""Speech through the programs that make and play it."""

from __future__ import annotations

import json
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant.errors import VoiceError
from pipeline.engines.espeak import EspeakVoice
from pipeline.engines.piper import PiperVoice

WORDS = "the secret word is marzipan"
WAV_OF_HALF_A_SECOND = b"RIFF" + bytes(20) + (22_050).to_bytes(4, "little") + bytes(16 + 22_050)


class Programs:
    """A folder of stand-in programs that is the whole PATH, and what they were given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f"#!{sys.executable} -IS\nimport os, sys, time\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def takes(self, name: str, output: bytes = b"", status: int = 0) -> None:
        """A program that keeps its arguments and its input, and prints `output`."""
        given = self.folder / f"{name}.given"
        self.write(
            name,
            f"data = sys.stdin.buffer.read()\n"
            f"open({str(given)!r}, 'wb').write(repr(sys.argv).encode() + b'|' + data)\n"
            f"sys.stdout.buffer.write({output!r})\nsys.exit({status})",
        )

    def given(self, name: str) -> tuple[str, bytes]:
        arguments, _, data = (self.folder / f"{name}.given").read_bytes().partition(b"|")
        return arguments.decode(), data


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    return Programs(tmp_path)


def test_a_reply_is_spoken_and_its_words_are_in_no_argument(programs):
    programs.takes("espeak-ng", WAV_OF_HALF_A_SECOND)
    programs.takes("pacat")
    EspeakVoice(160).say(WORDS)
    arguments, text = programs.given("espeak-ng")
    assert text.decode() == WORDS
    assert "marzipan" not in arguments
    assert "160" in arguments
    arguments, pcm = programs.given("pacat")
    assert "--rate=22050" in arguments
    assert pcm == bytes(22_050)


def test_where_one_player_fails_the_next_plays(programs):
    programs.takes("espeak-ng", WAV_OF_HALF_A_SECOND)
    programs.takes("pacat", status=1)
    programs.takes("aplay")
    EspeakVoice(160).say(WORDS)
    assert len(programs.given("aplay")[1]) == 22_050


def test_without_a_loudspeaker_it_says_so_and_not_what_it_would_have_said(programs):
    programs.takes("espeak-ng", WAV_OF_HALF_A_SECOND)
    programs.takes("aplay", status=1)
    with pytest.raises(VoiceError, match="no loudspeaker: aplay failed"):
        EspeakVoice(160).say(WORDS)


@pytest.mark.parametrize(("output", "status"), [(b"", 0), (b"RIFF", 0), (b"", 3)])
def test_a_synthesiser_that_fails_is_a_clear_error(programs, output, status):
    programs.takes("espeak-ng", output, status)
    programs.takes("aplay")
    with pytest.raises(VoiceError, match="espeak-ng") as caught:
        EspeakVoice(160).say(WORDS)
    assert "marzipan" not in str(caught.value)


def test_what_is_missing_is_said_when_the_voice_is_made(programs):
    with pytest.raises(VoiceError, match="apt-get install espeak-ng"):
        EspeakVoice(160)
    programs.takes("espeak-ng")
    with pytest.raises(VoiceError, match="apt-get install alsa-utils"):
        EspeakVoice(160)


@pytest.mark.parametrize("program", ["espeak-ng", "pacat"])
def test_a_voice_falls_silent_at_once_and_can_speak_again(programs, program):
    programs.takes("espeak-ng", WAV_OF_HALF_A_SECOND)
    programs.takes("pacat")
    started = programs.folder / "started"
    programs.write(program, f"os.mkdir({str(started)!r})\ntime.sleep(60)")
    voice = EspeakVoice(160)
    speaking = threading.Thread(target=voice.say, args=(WORDS,))
    speaking.start()
    while not started.exists():
        time.sleep(0.01)
    voice.stop()
    speaking.join(10)
    assert not speaking.is_alive()
    programs.takes("espeak-ng", WAV_OF_HALF_A_SECOND)
    programs.takes("pacat")
    voice.say("again")
    assert programs.given("espeak-ng")[1] == b"again"


def test_piper_is_asked_for_the_voice_that_was_set(programs, tmp_path, monkeypatch):
    package = tmp_path / "packages" / "piper"
    package.mkdir(parents=True)
    given = tmp_path / "piper.given"
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(
        "import sys\n"
        f"open({str(given)!r}, 'w').write(repr(sys.argv) + '|' + sys.stdin.read())\n"
        "sys.stdout.buffer.write(bytes(32_000))\n"
    )
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    programs.takes("aplay")
    model = tmp_path / "amy.onnx"
    with pytest.raises(VoiceError, match=r"amy\.onnx is missing"):
        PiperVoice(model, 160)
    model.write_bytes(b"model")
    with pytest.raises(VoiceError, match=r"amy\.onnx\.json.*comes with the voice"):
        PiperVoice(model, 160)
    description = Path(f"{model}.json")
    for broken in ("", "[]", '{"audio": 3}', '{"audio": {"sample_rate": "loud"}}'):
        description.write_text(broken)
        with pytest.raises(VoiceError, match="states no sample rate"):
            PiperVoice(model, 160)
    description.write_text(json.dumps({"audio": {"sample_rate": 16_000}}))
    PiperVoice(model, 320).say(WORDS)
    arguments, text = given.read_text().split("|")
    assert text == WORDS
    assert "'--length-scale', '0.50'" in arguments
    assert "marzipan" not in arguments
    arguments, pcm = programs.given("aplay")
    assert "'16000'" in arguments
    assert len(pcm) == 32_000


def test_without_piper_or_its_voice_it_says_what_to_do(tmp_path):
    with pytest.raises(VoiceError, match=r"voice\.model names no piper voice"):
        PiperVoice(None, 160)
    model = tmp_path / "amy.onnx"
    model.write_bytes(b"model")
    with pytest.raises(VoiceError, match="pip install piper-tts"):
        PiperVoice(model, 160)
