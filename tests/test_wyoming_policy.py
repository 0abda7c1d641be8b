"""What the policy makes of Wyoming's services; and that a peer is answered, whatever happens."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from wyoming.asr import Transcript
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.intent import Recognize

from assistant.errors import RecognitionError
from assistant.private import Private
from assistant.settings import WyomingSettings
from assistant.types import Transcript as Heard
from pipeline.dictation import Dictation
from pipeline.intents import IntentParser
from plugins.wyoming import asr, intent
from tests.wyoming_stage import RELEASED, hear, send_sound, serving, settings, sound_of, uri

SAID = "call ada lovelace at five five five five one two three four"
PLAIN = "version: 1\nextends: household\n"
STOPPED = {
    "muted, listening": "mute: [listening]\n",
    "muted, sharing": "mute: [sharing]\n",
    "quiet hours, listening": "quiet_hours: {always: {stops: [listening]}}\n",
    "quiet hours, sharing": "quiet_hours: {always: {stops: [sharing]}}\n",
}
"""Quiet hours without hours are all day long."""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory, so that the grammar is compiled once."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def under(tmp_path: Path, state: Path):
    """Serve what is named under a policy, where nobody said another one than the shipped."""

    @contextlib.contextmanager
    def serve(text: str, *kinds: str) -> Iterator[WyomingSettings]:
        file = tmp_path / "mine.yaml"
        file.write_text(text)
        made = settings(file, **{kind: uri() for kind in kinds})
        with serving(made, state):
            yield made.wyoming

    return serve


def client(where: str | None) -> AsyncClient:
    assert where is not None
    return AsyncClient.from_uri(where)


async def transcript(peer: AsyncClient, pcm: bytes = bytes(32_000)) -> str:
    await send_sound(peer, pcm)
    return Transcript.from_event(await hear(peer)).text


async def answer(peer: AsyncClient, text: str) -> Event:
    await peer.write_event(Recognize(text=text).event())
    return await hear(peer)


@pytest.mark.parametrize("base", [PLAIN, RELEASED], ids=["redacted", "raw"])
@pytest.mark.parametrize("stopped", STOPPED.values(), ids=STOPPED.keys())
async def test_a_house_that_is_stopped_answers_with_an_empty_transcript(
    under, monkeypatch, base, stopped
):
    """Also where the very words would go out at another time."""
    monkeypatch.setattr(Dictation, "finish", lambda self: Heard(1, Private(SAID), 1.0))
    with under(base + stopped, "asr") as at:
        async with client(at.asr) as peer:
            assert await transcript(peer) == ""
            assert await transcript(peer) == ""


@pytest.mark.parametrize(
    ("policy", "is_raw"),
    [
        (PLAIN, False),
        (RELEASED, True),
        (RELEASED.replace("    audio: {seconds: 15}\n", ""), False),
        (RELEASED.replace("recipient: home-assistant", "recipient: elsewhere"), False),
        (RELEASED.replace("personal_data: audio", "personal_data: intent"), False),
        (RELEASED.split("consent:")[0], False),
        (RELEASED.replace("indicated_by: household}", "indicated_by: household}\n"
         "    withdrawn: {event_time: 2026-01-02, indication_method: written,"
         " indicated_by: household}"), False),
        (RELEASED + "quiet_hours: {always: {stops: [replies]}}\n", True),
    ],
    ids=["shipped", "released", "no-sound-shared", "another-recipient", "other-data", "no-consent",
         "withdrawn", "other-quiet-hours"],
)  # fmt: skip
async def test_a_peer_gets_raw_words_only_where_it_may_have_the_sound(
    under, monkeypatch, policy, is_raw
):
    monkeypatch.setattr(Dictation, "finish", lambda self: Heard(1, Private(SAID), 1.0))
    with under(policy, "asr") as at:
        async with client(at.asr) as peer:
            text = await transcript(peer)
    assert (text == SAID) == is_raw
    assert is_raw or text == "call PERSON_1 at PHONE_NUMBER_1"


@pytest.mark.parametrize("step", ["__init__", "feed", "finish"])
@pytest.mark.parametrize("error", [RecognitionError("it is broken"), RuntimeError(SAID)])
async def test_a_transcript_is_answered_where_the_engine_fails(
    under, monkeypatch, caplog, recordings, step, error
):
    """Its words stay out of the log, and the next utterance is heard."""

    def broken(*_given: object) -> None:
        raise error

    pcm = sound_of(recordings / "cmd_time.flac")
    with under(PLAIN, "asr") as at:
        async with client(at.asr) as peer:
            with monkeypatch.context() as during:
                during.setattr(Dictation, step, broken)
                assert await transcript(peer, pcm) == ""
            assert await transcript(peer, pcm) == "what time is it"
    assert caplog.text.count("an utterance was dropped") == 1
    assert "five" not in caplog.text


@pytest.mark.parametrize("step", ["feed", "finish"])
async def test_a_transcript_is_answered_where_the_engine_hangs(
    under, monkeypatch, caplog, recordings, step
):
    """And peers that come and go meanwhile do no harm."""
    ended = threading.Event()
    pcm = sound_of(recordings / "cmd_time.flac")
    with under(PLAIN, "asr") as at:
        try:
            async with client(at.asr) as peer:
                with monkeypatch.context() as during:
                    during.setattr(asr, "LIMIT", 0.02)
                    during.setattr(Dictation, step, lambda *given: ended.wait())
                    assert await transcript(peer, pcm) == ""
                    for _ in range(4 * at.clients + 4):
                        async with client(at.asr) as other:
                            assert await transcript(other) == ""
                ended.set()
                assert await transcript(peer, pcm) == "what time is it"
        finally:
            ended.set()
    assert "took too long" in caplog.text
    assert "the event loop met" not in caplog.text


@pytest.mark.parametrize("stopped", [None, *(key for key in STOPPED if "listening" in key)])
async def test_no_wake_word_is_told_while_nobody_may_listen(under, recordings, stopped):
    with under(PLAIN + STOPPED.get(stopped, ""), "wake") as at:
        async with client(at.wake) as peer:
            await send_sound(peer, sound_of(recordings / "alexa_time.flac"))
            event = await hear(peer)
    assert event.type == ("detection" if stopped is None else "not-detected")


@pytest.mark.parametrize(
    ("policy", "text", "said"),
    [
        ("", "unlock the front door", "needs a yes"),
        ("", "turn on the kitchen light", None),
        (
            "gating: {rules: {lamps: {intents: [HassTurnOn], confirm: never}}}\n",
            "turn on the kitchen light",
            "not allowed",
        ),
        ("mute: [acts]\n", "turn on the kitchen light", "not allowed"),
        ("quiet_hours: {always: {stops: [acts]}}\n", "turn on the kitchen light", "not allowed"),
        (STOPPED["muted, sharing"], "turn on the kitchen light", "not allowed"),
        (STOPPED["quiet hours, sharing"], "turn on the kitchen light", "not allowed"),
        (STOPPED["muted, listening"], "turn on the kitchen light", None),
        ("", "purple the moon in 1893", "didn't understand"),
    ],
)
async def test_an_intent_is_told_only_where_it_could_be_done_at_once(under, policy, text, said):
    """A text that somebody typed is answered while nobody may listen."""
    with under(PLAIN + policy, "intent") as at:
        async with client(at.intent) as peer:
            event = await answer(peer, text)
    assert event.type == ("intent" if said is None else "not-recognized")
    assert said is None or said in event.data["text"]


async def test_what_a_text_holds_is_told_redacted(under):
    with under(RELEASED, "intent") as at:
        async with client(at.intent) as peer:
            event = await answer(peer, "add quentin tarrant's number to my shopping list")
    assert event.type == "intent"
    assert "PERSON_1" in str(event.data)
    assert "tarrant" not in str(event.data)


@pytest.mark.parametrize("is_slow", [False, True])
async def test_an_intent_is_answered_where_the_parser_fails(under, monkeypatch, caplog, is_slow):
    ended = threading.Event()

    def broken(*_given: object) -> None:
        ended.wait(60 if is_slow else 0)
        raise RuntimeError(SAID)

    with under(PLAIN, "intent") as at:
        async with client(at.intent) as peer:
            with monkeypatch.context() as during:
                during.setattr(IntentParser, "parse", broken)
                during.setattr(intent, "LIMIT", 0.02 if is_slow else 60)
                event = await answer(peer, "turn on the kitchen light")
            ended.set()
            assert event.type == "not-recognized"
            assert (await answer(peer, "turn on the kitchen light")).type == "intent"
    assert caplog.text.count("a text was dropped") == 1
    assert "five" not in caplog.text
