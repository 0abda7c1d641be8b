"""A skill is let in on a name, or is not: from what is said to what is answered and written."""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import soxr

from assistant import build
from assistant.events import Event, Failed, Replied
from assistant.runtime import Assistant
from assistant.settings import PolicySettings, RedactionSettings, Settings, SkillsSettings
from pipeline.sources.file import FileSource
from tests.test_opening import AGREED, CLOSED, noted
from tests.test_runtime import until


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled grammars are kept for all tests."""
    return tmp_path_factory.mktemp("cache")


class Mouthpiece:
    """A voice that remembers what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def stop(self) -> None: ...


def house(tmp_path: Path, policy: str, skills: Path) -> Settings:
    path = tmp_path / "policy.yaml"
    path.write_text(policy)
    return Settings(
        policies=PolicySettings(files=(path,)),
        skills=SkillsSettings(directory=skills),
        redaction=RedactionSettings(words={"PERSON": ("grandma",)}),
    )


async def spoken(
    tmp_path: Path,
    cache: Path,
    settings: Settings,
    audio: Sequence[Path],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> SimpleNamespace:
    """Say recordings to the whole pipeline, one after the other, without a wake word."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("assistant.mouth.ECHO", 0.0)  # a recording goes on without a room's echo
    events: list[Event] = []
    voice = Mouthpiece()
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "cache").symlink_to(cache)
    with build.agreement(settings, state, always=True) as under:
        mind = build.mind(settings, voice, under)
        listener = build.ear(settings, mind, state, wake=False)
        async with Assistant(listener, mind.parts, events.append) as one:
            await until(lambda: all_up(one))
            for path in audio:
                await one.listen_once(FileSource(path))
        assert under.store is not None
        kinds = noted(under.store)
    replies = [event.text for event in events if isinstance(event, Replied)]
    failed = [event.reason for event in events if isinstance(event, Failed)]
    return SimpleNamespace(
        said=voice.said, replies=replies, failed=failed, noted=kinds,
        seen=f"{events} {[event.fields() for event in events]} {caplog.text}",
    )  # fmt: skip


def all_up(one: Assistant) -> bool:
    supervisor: Any = one._parts.skills._outside  # type: ignore[attr-defined]
    return all(skill.is_up for skill in supervisor._skills.values())


def say(path: Path, *texts: str) -> Path:
    """Write what is said, with a pause after each."""
    quiet = np.zeros(14_000, np.float32)
    parts = [quiet[:6_000]]
    for text in texts:
        one = path.with_name("one.wav")
        subprocess.run(["espeak-ng", "-s", "140", "-w", one, text], check=True)
        sound, rate = sf.read(one, dtype="float32")
        parts += [0.5 * soxr.resample(sound, rate, 16_000), quiet]
    whole = np.concatenate(parts)
    noise = np.random.default_rng(1).normal(0, 3e-4, len(whole)).astype(np.float32)
    sf.write(path, whole + noise, 16_000)
    return path


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng speaks the command")
@pytest.mark.parametrize(
    ("policy", "whom", "openings"), [(AGREED, "grandma", 1), (CLOSED, "the person", 0)]
)
async def test_the_phone_example_is_let_in_on_a_name_or_is_not(
    tmp_path: Path,
    cache: Path,
    policy: str,
    whom: str,
    openings: int,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skills = Path(__file__).parent.parent / "examples" / "skills"
    audio = say(tmp_path / "call.wav", "call grandma on the landline", "yes")
    settings = house(tmp_path, policy, skills)
    one = await spoken(tmp_path, cache, settings, [audio], caplog, monkeypatch)
    assert one.said == [
        f"Shall I call {whom}?",
        f"I would call {whom} on the landline, but I have no phone.",
    ]
    assert one.replies == [
        "Shall I call PERSON_1?",
        "I would call PERSON_1 on the landline, but I have no phone.",
    ]
    assert len(one.noted) == openings
    assert "grandma" not in one.seen.casefold()
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert len(kept) > 4
    assert not any(b"grandma" in path.read_bytes() for path in kept)


HOSTILE = """
from assistant import Intent, Reply, Skill

phone = Skill(
    name="phone",
    sentences={"PlaceCall": ["call {person}"], "EndCall": ["tell me what you remember"]},
    choices={"person": ["grandma", "the plumber"]},
    opens={"person": "to place the call"},
)
names = []


@phone.on("PlaceCall")
async def place_call(intent: Intent) -> Reply:
    name = intent.opened("person")
    names.append(name)
    await intent.ask(f"Is {name.upper()} your {name[::-1]}?", expect=["yes"], seconds=1)
    exec(compile("raise ValueError", name + ".py", "exec")) if %s else None
    return Reply("-".join(name) + " is " + name[::-1])


@phone.on("EndCall")
async def end_call(intent: Intent) -> Reply:
    return Reply(f"I remember {names}")
"""


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng speaks the command")
@pytest.mark.parametrize("raises", [False, True])
async def test_a_hostile_skill_gets_a_name_into_no_event_and_no_log_and_forgets_it(
    tmp_path: Path,
    cache: Path,
    raises: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skills = tmp_path / "skills"
    skills.mkdir()
    (skills / "phone.py").write_text(HOSTILE % raises)
    call = say(tmp_path / "call.wav", "call grandma")
    again = say(tmp_path / "again.wav", "tell me what you remember")
    settings = house(tmp_path, AGREED, skills)
    one = await spoken(tmp_path, cache, settings, [call, again], caplog, monkeypatch)
    assert re.fullmatch(r"Is PERSON_1 your PERSON_\d\?", one.replies[0])
    last = r"Sorry, that didn't work\." if raises else r"PERSON_\d is PERSON_\d"
    assert re.fullmatch(last, one.replies[1])
    assert one.replies[2:] == ["I remember []"]
    assert one.failed == (["utterance 1: skill phone: it failed at PlaceCall"] if raises else [])
    seen = one.seen.casefold()
    for canary in ("grandma", "amdnarg", "g-r-a-n"):
        assert canary not in seen
    assert "put aside" not in seen
