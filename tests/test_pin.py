"""The PIN: only its digits open, however they are said, and they are kept nowhere."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import PinError, StateError
from assistant.private import Private
from pipeline.digits import LONGEST, SHORTEST, TEENS, UNITS, spoken_digits
from pipeline.engines.sphinx import dictionary
from pipeline.grammar import Reader
from pipeline.grammar.digits import digits_grammar
from storage import pin as pins
from storage.pin import FREE, Pin, PinHash, hash_of, read_hash, remove, write_hash
from tests.cli import Ran, here

NAMES = {digit: word for word, digit in UNITS.items()}
TENS = "x x twenty thirty forty fifty sixty seventy eighty ninety".split()
DIGITS = st.text("0123456789", min_size=SHORTEST, max_size=LONGEST)
CHEAP = PinHash(salt="00" * 16, hash="00" * 32, memory=1 << 13, passes=1, lanes=1)


@st.composite
def said(draw: st.DrawFn, digits: str) -> str:
    """One of the ways in which people say these digits."""
    words: list[str] = []
    rest = digits
    while rest:
        ways = [1]
        if len(rest) > 1 and rest[0] == rest[1]:
            ways.append(2)
        if len(rest) > 2 and rest[0] == rest[1] == rest[2]:
            ways.append(3)
        if len(rest) > 1 and rest[0] != "0" and not _goes_on(rest):
            ways.append(0)
        count = draw(st.sampled_from(ways))
        if count == 0:
            words.append(_number(rest[:2]))
            rest = rest[2:]
        else:
            zero = draw(st.sampled_from(("zero", "oh"))) if rest[0] == "0" else ""
            times = ("", "", "double ", "triple ")[count]
            words.append(times + (zero or NAMES[rest[0]]))
            rest = rest[count:]
    return draw(st.sampled_from((" ", ", "))).join(words)


def _goes_on(digits: str) -> bool:
    """Whether "twenty" would take the digit after it: 2 0 1 is "two oh one"."""
    return digits[0] > "1" and digits[1] == "0" and digits[2:3] not in ("", "0")


def _number(two: str) -> str:
    if two[0] == "1":
        return next(word for word, number in TEENS.items() if number == two)
    return TENS[int(two[0])] + ("" if two[1] == "0" else f" {NAMES[two[1]]}")


@given(st.data(), DIGITS)
def test_however_a_pin_is_said_it_gives_its_digits_and_the_grammar_can_hear_it(
    data: st.DataObject, digits: str
) -> None:
    spoken = data.draw(said(digits))
    assert spoken_digits(spoken) == digits
    assert READER.read(spoken.replace(",", "").split()).complete


READER = Reader(digits_grammar(dictionary()))


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("one two three four", "1234"),
        ("Twelve thirty-four.", "1234"),
        ("double five", "55"),
        ("um, the pin is 12 34 please", "1234"),
        ("two thousand and six", "2006"),
        ("twelve hundred", "1200"),
        ("one thousand two hundred thirty four", "1234"),
        ("one two no three", None),
        ("one two three four or so", None),
        ("\u0661 1234", None),
        ("double", None),
        ("12th of may", None),
        ("no", None),
        ("", None),
    ],
)
def test_what_is_anything_but_digits_is_no_pin(text: str, digits: str | None) -> None:
    assert spoken_digits(text) == digits


def cheap(digits: str) -> PinHash:
    """A hash that is quick to make: these tests make hundreds."""
    return CHEAP.model_copy(update={"hash": pins._stretched(Private(digits), CHEAP)})


class Moment:
    """A clock that is set."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def made(state: Path, digits: str, clock: Moment, environment: dict[str, str] | None = None) -> Pin:
    write_hash(state, cheap(digits))
    return Pin(state, environment or {}, clock)


@given(DIGITS, DIGITS)
def test_only_the_pin_opens(tmp_path_factory: pytest.TempPathFactory, one: str, other: str) -> None:
    pin = made(tmp_path_factory.mktemp("state"), one, Moment())
    assert pin.check(Private(other)) == ("right" if one == other else "wrong")
    assert pin.check(Private(one)) == "right"


def test_after_three_wrong_ones_it_waits_longer_each_time_and_over_restarts(tmp_path: Path) -> None:
    clock = Moment()
    pin = made(tmp_path, "4711", clock)
    assert [pin.check(Private("1111")) for _ in range(FREE + 1)] == ["wrong"] * FREE + ["locked"]
    waits = []
    for _ in range(14):
        pin = Pin(tmp_path, {}, clock)  # as after a restart
        assert pin.check(Private("4711")) == "locked"
        waits.append(pin.wait())
        clock.now += pin.wait()
        assert pin.check(Private("1111")) == "wrong"
    assert waits[:4] == [60.0, 120.0, 240.0, 480.0]
    assert waits[-1] == 86_400.0
    clock.now += pin.wait()
    assert pin.check(Private("4711")) == "right"
    assert pin.check(Private("1111")) == "wrong"
    assert pin.wait() == 0


def test_a_clock_that_is_set_back_does_not_lock_for_longer(tmp_path: Path) -> None:
    clock = Moment()
    pin = made(tmp_path, "4711", clock)
    for _ in range(FREE):
        pin.check(Private("1111"))
    clock.now -= 10 * 365 * 86_400
    assert pin.wait() == 60.0


def test_a_try_is_noted_before_it_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So pulling the plug at the right moment gives no further try."""
    pin = made(tmp_path, "4711", Moment())

    def plug(*_parts: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(pins, "_stretched", plug)
    for _ in range(FREE):
        with pytest.raises(KeyboardInterrupt):
            pin.check(Private("1111"))
    assert pin.check(Private("4711")) == "locked"


def test_where_a_try_can_not_be_noted_no_pin_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = made(tmp_path, "4711", Moment())

    def full(*_parts: object) -> None:
        raise StateError("no space left on the device")

    monkeypatch.setattr(pins, "write_private", full)
    with pytest.raises(StateError):
        pin.check(Private("4711"))


def test_files_that_are_damaged_or_open_to_others_open_nothing(tmp_path: Path) -> None:
    pin = made(tmp_path, "4711", Moment())
    (tmp_path / pins.TRIES).write_text("{")
    (tmp_path / pins.TRIES).chmod(0o600)
    with pytest.raises(PinError, match="damaged"):
        pin.check(Private("4711"))
    (tmp_path / pins.TRIES).unlink()
    (tmp_path / pins.NAME).chmod(0o644)
    with pytest.raises(StateError, match="chmod 600"):
        pin.check(Private("4711"))
    remove(tmp_path)
    with pytest.raises(PinError, match="sotto pin set"):
        pin.check(Private("4711"))


def test_a_credential_goes_before_the_file(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    pin = made(tmp_path, "4711", Moment(), environment)
    assert pin.source == "file"
    (credentials / pins.CREDENTIAL).write_text(cheap("2222").model_dump_json())
    assert pin.source == "credential"
    assert pin.check(Private("4711")) == "wrong"
    assert pin.check(Private("2222")) == "right"


def test_the_hash_is_slow_salted_and_no_hash_is_like_another() -> None:
    one, other = hash_of(Private("4711")), hash_of(Private("4711"))
    assert one.hash != other.hash
    assert (one.memory, one.passes) == (65_536, 3)
    assert "4711" not in repr(one).replace(one.hash, "").replace(one.salt, "")
    with pytest.raises(PinError):
        read_hash('{"salt": "x"}')


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_it_is_set_seen_and_removed_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pin(*words: str) -> Ran:
        return here("pin", *words, "--state", tmp_path / "state")

    assert "There is no PIN" in pin("status").out
    typed(monkeypatch, "471\n")
    refused = pin("set")
    assert (refused.status, refused.out) == (1, "")
    assert "471" not in refused.err
    typed(monkeypatch, "7777\n")
    assert "easily guessed" in pin("set").err
    typed(monkeypatch, "4711\n")
    assert pin("set").out == "The PIN is set.\n"
    assert json.loads(pin("status", "--json").out) == {"set": True, "from": "file", "wait": 0}
    assert (tmp_path / "state" / pins.NAME).stat().st_mode & 0o777 == 0o600
    assert pin("remove").out == "There is no PIN.\n"
    typed(monkeypatch, "4711\n")
    assert "systemd-creds encrypt" in pin("set", "--output", str(tmp_path / "hash")).out
    assert read_hash((tmp_path / "hash").read_text())
    assert json.loads(pin("status", "--json").out)["set"] is False


POLICY = """\
version: 1
extends: household
replaces: [gating.rules.locks]
gating:
  rules:
    locks: {intents: [HassTurnOff], domains: [lock], confirm: pin}
"""
PAUSE = np.zeros(12_000, np.float32)


def spoken(folder: Path, text: str) -> np.ndarray:
    """Somebody who says it, at 16 kHz."""
    file = folder / "said.wav"
    subprocess.run(["flite", "-voice", "rms", "-t", text, "-o", file], check=True)
    sound, rate = sf.read(file, dtype="float32")
    return np.asarray(0.5 * soxr.resample(sound, rate, 16_000), np.float32)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Path:
    """A cache of grammars, made once."""
    state = tmp_path_factory.mktemp("compiled")
    here("replay", "--state", state, recordings / "alexa_time.flac")
    return state / "cache"


@pytest.fixture
def state(tmp_path: Path, compiled: Path) -> Path:
    """A state directory in which the PIN is 2916."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "cache").symlink_to(compiled)
    write_hash(state, hash_of(Private("2916")))
    return state


def asked(folder: Path, recordings: Path, *answers: str) -> Ran:
    """Have the whole pipeline hear "unlock the front door", and these answers."""
    command, _ = sf.read(recordings / "alexa_unlock.flac", dtype="float32")
    parts = [command, PAUSE]
    for answer in answers:
        parts += [spoken(folder, answer), PAUSE]
    sound = np.concatenate(parts)
    noise = np.random.default_rng(1).normal(0, 3e-4, len(sound)).astype(np.float32)
    sf.write(folder / "all.wav", sound + noise, 16_000)
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "settings.yaml").write_text("policies: {files: [policy.yaml]}\n")
    state = folder / "state"
    return here(
        "--config", folder / "settings.yaml", "--log-level", "debug",
        "replay", "--json", "--show-raw", "--state", state, folder / "all.wav",
    )  # fmt: skip


def written(state: Path) -> bytes:
    """All that lies in the state directory, but grammars, random salts and times."""
    files = [file for file in state.iterdir() if file.is_file() and file.name != pins.NAME]
    text = b"".join(file.read_bytes() for file in files)
    return re.sub(rb'"until":[0-9.]+', b"", text)


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite speaks the PIN")
@pytest.mark.parametrize(
    ("answers", "effects"),
    [
        (("two nine one six",), ["confirm", "allow"]),
        (("twenty nine sixteen",), ["confirm", "allow"]),
        (("five eight three one", "two nine one six"), ["confirm", "allow"]),
        (("six six one four",) * 3, ["confirm"]),
        (("never mind",), ["confirm"]),
    ],
)
def test_a_spoken_pin_is_really_heard_and_is_in_no_event_log_or_file(
    tmp_path: Path,
    recordings: Path,
    state: Path,
    answers: tuple[str, ...],
    effects: list[str],
) -> None:
    ran = asked(tmp_path, recordings, *answers)
    assert [event["effect"] for event in ran.of("decision")] == effects, ran.out
    for answer in answers:
        digits = spoken_digits(answer) or answer
        words = answer.split()
        for form in {answer, digits, " ".join(digits), words[0] + " " + words[1]}:
            assert form not in ran.out + ran.err
            assert form.encode() not in written(state)
    heard = [event for event in ran.of("redacted") if event["text"] == "PIN_1"]
    assert all(event["entities"] == [{"type": "PIN", "placeholder": "PIN_1"}] for event in heard)
    assert all("raw" not in event for event in heard)
    assert ran.of("redacted")[0]["raw"]  # the command itself is shown: the look is not blind


def test_without_a_pin_what_asks_for_one_is_not_done(
    tmp_path: Path, recordings: Path, state: Path
) -> None:
    remove(state)
    ran = asked(tmp_path, recordings)
    assert [event["effect"] for event in ran.of("decision")] == ["confirm"]
    assert "That takes a PIN, and none is set." in [event["text"] for event in ran.of("reply")]
