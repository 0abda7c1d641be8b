"""Recordings through the real thing: wake engine, recognizer, redaction, parser, skills."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.cli import Ran, here, one_line, texts

ORDER = ["wake", "utterance", "redacted", "intent", "decision", "reply", "done"]
SENTENCES = Path(__file__).parent.parent / "assistant" / "recordings" / "sentences.yaml"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory, so that the grammar is compiled once."""
    return tmp_path_factory.mktemp("state")


def replay(state: Path, *words: str | Path) -> Ran:
    return here("replay", "--json", "--state", state, *words)


def test_a_command_after_the_wake_word_is_done(state: Path, recordings: Path) -> None:
    ran = replay(state, recordings / "alexa_light_on.flac")
    assert ran.status == 0, ran.err
    assert [event["event"] for event in ran.events] == ["source", *ORDER]
    source, wake, utterance, redacted, intent, decision, reply, done = ran.events
    assert source["audio"].endswith("alexa_light_on.flac")
    assert source["seconds"] == pytest.approx(4.17, abs=0.01)
    assert wake["phrase"] == "alexa"
    assert 0 < wake["score"] <= 1
    assert utterance["start"] < wake["at"] < utterance["end"]
    assert utterance["closed_by"] in ("complete", "silence")
    assert redacted["text"] == "turn on the kitchen light"
    assert redacted["entities"] == []
    assert intent == {
        "event": "intent", "id": 1, "name": "HassTurnOn", "slots": {"name": "Kitchen Light"},
    }  # fmt: skip
    assert decision["effect"] == "allow"
    assert "light" in reply["text"].lower()
    assert set(done["seconds"]) == {"endpoint", "recognize", "redact", "parse", "total"}
    assert done["rtf"] > 0


@pytest.mark.parametrize(
    ("name", "intent", "slots"),
    [
        ("alexa_timer", "HassStartTimer", {"minutes": 5}),
        ("alexa_time", "HassGetCurrentTime", {}),
        ("alexa_never_mind", "HassNevermind", {}),
        ("alexa_light_on_glued", "HassTurnOn", {"name": "Kitchen Light"}),
    ],
)
def test_commands_mean_what_was_said(
    state: Path, recordings: Path, name: str, intent: str, slots: dict[str, object]
) -> None:
    ran = replay(state, recordings / f"{name}.flac")
    assert [(event["name"], event["slots"]) for event in ran.of("intent")] == [(intent, slots)]


def test_a_number_that_is_read_out_is_only_a_placeholder(state: Path, recordings: Path) -> None:
    ran = replay(state, "--sentences", SENTENCES, recordings / "alexa_call.flac")
    [redacted] = ran.of("redacted")
    assert redacted["text"] == "call PHONE_NUMBER_1"
    assert redacted["entities"] == [{"type": "PHONE_NUMBER", "placeholder": "PHONE_NUMBER_1"}]
    assert ran.of("intent")[0]["slots"] == {"phone_number": "PHONE_NUMBER_1"}
    assert "five" not in ran.out


def test_raw_text_is_printed_only_when_asked_for_and_with_a_warning(
    state: Path, recordings: Path
) -> None:
    ran = replay(state, "--show-raw", "--sentences", SENTENCES, recordings / "alexa_call.flac")
    assert ran.of("redacted")[0]["raw"].startswith("call five five five")
    assert "--show-raw" in ran.err


def test_a_door_is_not_unlocked_without_a_yes(state: Path, recordings: Path) -> None:
    ran = replay(state, recordings / "alexa_unlock.flac")
    assert [event["effect"] for event in ran.of("decision")] == ["confirm"]
    question, answer = (event["text"] for event in ran.of("reply"))
    assert question == "You said: unlock the front door. Shall I do that?"
    assert answer == "Then I leave it."


def test_talk_without_the_wake_word_is_not_listened_to(state: Path, recordings: Path) -> None:
    ran = replay(state, recordings / "chat_dinner.flac", recordings / "cmd_time.flac")
    assert [event["event"] for event in ran.events] == ["source", "source"]


def test_talk_that_is_no_command_gives_no_intent(state: Path, recordings: Path) -> None:
    chats = sorted(recordings.glob("chat_*.flac"))
    ran = replay(state, "--no-wake", *chats)
    assert [event["name"] for event in ran.of("intent")] == [None] * len(chats)


def test_without_a_wake_word_each_file_is_one_utterance(state: Path, recordings: Path) -> None:
    ran = replay(state, "--no-wake", recordings / "cmd_time.flac", recordings / "cmd_timer.flac")
    assert [event["id"] for event in ran.of("utterance")] == [1, 2]
    assert [event["name"] for event in ran.of("intent")] == [
        "HassGetCurrentTime",
        "HassStartTimer",
    ]
    assert ran.of("wake") == []


def test_the_same_recording_gives_the_same_events_twice(state: Path, recordings: Path) -> None:
    def told(ran: Ran) -> list[dict[str, object]]:
        return [event for event in ran.events if event["event"] != "done"]

    first = replay(state, recordings / "alexa_timer.flac")
    assert told(first) == told(replay(state, recordings / "alexa_timer.flac"))


def test_noise_is_mixed_in_when_it_is_asked_for(
    state: Path, recordings: Path, tmp_path: Path
) -> None:
    noise = tmp_path / "noise.wav"
    soundfile.write(noise, np.random.default_rng(1).normal(0, 0.1, 32_000), 16_000)
    ran = replay(state, "--noise", noise, "--snr", "15", "--no-wake", recordings / "cmd_time.flac")
    assert [event["name"] for event in ran.of("intent")] == ["HassGetCurrentTime"]


def test_a_bad_file_among_good_ones_does_not_stop_the_rest(
    state: Path, recordings: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"this is no sound")
    gone = tmp_path / "gone.wav"
    ran = replay(state, "--no-wake", bad, gone, recordings / "cmd_time.flac")
    assert ran.status == 1
    assert [event["event"] for event in ran.events[:2]] == ["error", "error"]
    assert all(one_line(event["reason"]) for event in ran.of("error"))
    assert "bad.wav" in ran.of("error")[0]["reason"]
    assert [event["name"] for event in ran.of("intent")] == ["HassGetCurrentTime"]


def test_people_get_a_time_line_and_programs_get_json(state: Path, recordings: Path) -> None:
    ran = here("replay", "--state", state, recordings / "alexa_light_on.flac")
    for label in ("woke", "listened", "heard", "meant", "decided", "replied", "took"):
        assert f"  {label}" in ran.out


def test_own_sentences_and_things_are_heard(state: Path, recordings: Path, tmp_path: Path) -> None:
    things = tmp_path / "things.yaml"
    things.write_text(
        "areas: [{name: Attic}]\nentities: [{name: Kitchen Light, domain: switch, area: Attic}]\n"
    )
    ran = replay(state, "--no-wake", "--things", things, recordings / "cmd_light_on.flac")
    assert texts(ran.of("redacted")) == ["turn on the kitchen light"]


def test_nothing_is_written_but_the_cache(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    fresh = tmp_path / "state"
    ran = replay(fresh, "--sentences", SENTENCES, recordings / "alexa_call.flac")
    assert ran.status == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.parent == fresh / "cache" for path in written)
    for path in written:
        assert "five five five zero one" not in path.read_text(errors="replace")


@pytest.mark.shared
def test_real_people_wake_it(state: Path, shared_data: Path) -> None:
    clips = sorted((shared_data / "audio/wake/alexa").glob("*.flac"))[:20]
    ran = replay(state, *clips)
    assert len({event["audio"] for event in ran.of("wake")}) >= 18


@pytest.mark.shared
def test_real_people_are_understood(state: Path, shared_data: Path) -> None:
    folder = shared_data / "audio/barista"
    labels = json.loads((folder / "labels.json").read_text())[:20]
    clips = [folder / label["audio"] for label in labels]
    ran = replay(state, "--no-wake", "--sentences", folder / "barista.yaml", *clips)
    right = sum(
        event["name"] == label["intent"] and event["slots"] == label["slots"]
        for event, label in zip(ran.of("intent"), labels, strict=False)
    )
    assert right >= 15
