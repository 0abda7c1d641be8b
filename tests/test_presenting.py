"""What Home Assistant is shown of the whole core, and what it may have done there."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant import presenting
from assistant.agreement import Agreement, agreement
from assistant.choosing import NAME
from assistant.events import Alarmed, Closed, Decided, Done, Event, Kept, Report, Understood
from assistant.observe.state import State
from assistant.presenting import Presenting
from assistant.runtime import Assistant
from assistant.settings import ListenSettings, PolicySettings, Settings
from assistant.types import AudioFrame, Confirm, Gap, Grant
from pipeline.listen import Listener, ring_for
from storage.rows import Wanted
from tests.door_stage import needs_mosquitto, running_mosquitto, until
from tests.presence_stage import EVERYTHING, House, house, serving, settings_for
from tests.test_keeping import DONE, HEARD, MEANT, POLICY, SAID
from tests.test_runtime import (
    CANARY,
    CanaryDetector,
    EchoSkills,
    EndlessMicrophone,
    FirstWord,
    Recording,
    ScriptedEnd,
    ScriptedRecognizer,
    ScriptedWake,
    sound,
)

pytestmark = needs_mosquitto


@dataclass
class Whole:
    """A core, a door, a broker, and Home Assistant's side of it."""

    under: Agreement
    state: State
    shows: Presenting
    home: House
    events: list[Event]

    @property
    def report(self) -> Report:
        """What the runtime's events go to, as in `sotto run`."""

        def take(event: Event) -> None:
            self.state.take(event)
            self.events.append(event)

        return self.shows.reporter(take)

    @property
    def audit(self) -> list[str]:
        """What presence and confirmations have noted."""
        entries = self.under.store.audit.entries(0, None)
        return [f"{e.actor} {e.reason}" for _, e in entries if e.kind == "command"]

    async def shown(self, **state: object) -> None:
        """Wait until this is shown."""

        def is_so() -> bool:
            with contextlib.suppress(KeyError):
                return all(self.home.state[key] == value for key, value in state.items())
            return False

        await until(is_so)

    @property
    def kept(self) -> int:
        """Rows that can be opened."""
        wanted = Wanted(category="transcript")
        return len(list(self.under.store.vault.rows(wanted, actor="owner", purpose="test")))


@contextlib.asynccontextmanager
async def whole(folder: Path, *allow: str, broker: int) -> AsyncIterator[Whole]:
    """Run it all on one state directory."""
    settings = configured(folder, broker, *allow)
    (folder / "state").mkdir(mode=0o700, exist_ok=True)
    events: list[Event] = []
    with agreement(settings, folder / "state", always=True) as under:
        state = State()
        shows = presenting.presenting(settings, folder, under, state)
        async with serving(folder, settings), house(broker) as home, shows:
            await until(lambda: home.online == "online")
            yield Whole(under, state, shows, home, events)


def configured(folder: Path, broker: int, *allow: str) -> Settings:
    usual, guests, broken = (folder / name for name in ("usual.yaml", "guests.yaml", "bad.yaml"))
    usual.write_text(POLICY)
    guests.write_text("version: 1\ngating: {otherwise: never}\n")
    broken.write_text("version: 1\ngating: {otherwise: perhaps}\n")
    policies = {"guests": (guests,), "broken": (broken,)}
    settings = settings_for(broker, allow=allow or EVERYTHING, policies=policies)
    return settings.model_copy(update={"policies": PolicySettings(files=(usual,))})


def assistant_of(one: Whole, recognizer: ScriptedRecognizer, skills: EchoSkills, *wake: int):
    """An assistant with stand-in engines over the real agreement, and the parts it was made of."""
    from assistant.parts import Parts

    listener = Listener(
        wake=ScriptedWake(*wake),
        endpointer=ScriptedEnd(),
        recognizer=recognizer,
        ring=ring_for(ListenSettings()),
    )
    parts = Parts(
        lambda: (CanaryDetector(),),
        FirstWord(),
        lambda intent: Confirm("risky", by="button") if intent.name == "open" else Grant("local"),
        skills,
        confirming=one.under.confirming,
        is_stopped=one.under.is_stopped,
    )
    return Assistant(listener, parts, one.report)


class Patient(EndlessMicrophone):
    """Gives twenty frames, and the others when it is told to."""

    def __init__(self) -> None:
        super().__init__(sound(60))
        self.go_on = threading.Event()

    def frames(self) -> Iterator[AudioFrame | Gap]:
        yield from self.items[:20]
        while not (self.go_on.wait(0.01) or self.closed.is_set()):
            pass
        yield from self.items[20:]
        self.closed.wait()


@contextlib.asynccontextmanager
async def listening(
    one: Whole, *texts: str, wake: tuple[int, ...], microphone: Recording | None = None
) -> AsyncIterator[EchoSkills]:
    """Hear these, until it is over."""
    skills = EchoSkills()
    skills.run = _idle
    microphone = microphone or EndlessMicrophone(sound(60))
    running = asyncio.create_task(
        assistant_of(one, ScriptedRecognizer(*texts), skills, *wake).listen(microphone)
    )
    try:
        yield skills
    finally:
        microphone.close()
        async with asyncio.timeout(20):
            await running


async def _idle(_announce: object) -> None:
    await asyncio.Event().wait()


@pytest.fixture
def broker(tmp_path: Path):
    with running_mosquitto(tmp_path / "broker") as one:
        yield one.port


async def test_states_counts_and_alarms_are_shown(tmp_path, broker):
    async with whole(tmp_path, broker=broker) as one:
        report = one.report
        await one.shown(mood="idle", muted="OFF", problem="OFF", policy="usual", intent="none")
        report(Closed(1, 0.0, 1.0, "silence"))
        await one.shown(mood="thinking")
        report(Understood(1, "HassTurnOn", {"name": "ada lovelace"}))
        report(Decided(1, "allow", "local"))
        report(Kept(1, 1, "intent", "history", 60.0, "rule"))
        report(Done(1, {}, 0.1))
        report(Understood(2, "HassTurnOff", {}))
        report(Decided(2, "refuse", "never: lock"))
        report(Done(2, {}, 0.1))
        report(Alarmed("microphone", on=True))
        await one.shown(mood="no_microphone", problem="ON", alarms=["microphone"])
        await until(lambda: len(one.home.events) == 3)
        assert sorted(one.home.events, key=str) == [
            {"event_type": "alarm", "alarm": "microphone"},
            {"event_type": "done", "intent": "HassTurnOn"},
            {"event_type": "refused", "intent": "HassTurnOff"},
        ]
        await one.shown(intent="HassTurnOff", utterances=1, kept=1, sent=0)
        assert one.home.state["memory"] > 0
        assert not any(b"ada" in payload for payload in one.home.retained.values())


async def test_mute_stops_the_ear_before_the_ring_buffer_and_over_a_restart(tmp_path, broker):
    async with whole(tmp_path, broker=broker) as one:
        await one.home.tell("mute", "ON")
        await one.shown(mood="muted", muted="ON")
        assert one.under.is_stopped("listening")
        async with listening(one, "lamp", wake=(3,)) as skills:
            await asyncio.sleep(0.3)
            assert one.events == []
            assert skills.done == []
    async with whole(tmp_path, broker=broker) as one:
        await one.shown(mood="muted", muted="ON")
        await one.home.tell("mute", "OFF")
        await one.shown(mood="idle", muted="OFF")
        async with listening(one, "lamp", wake=(3,)) as skills:
            await until(lambda: skills.done == ["lamp"])
        await until(lambda: one.audit == ["presence mute", "presence unmute"])


async def test_what_the_owner_does_not_allow_is_refused_here_too_and_noted(tmp_path, broker):
    """The door is not asked: this is what a door that was taken over would get."""
    from plugins.presence.wire import Choose, Do

    async with whole(tmp_path, "confirm", broker=broker) as one:
        one.shows._take(Do(do="mute"))
        await one.shown(muted="ON")
        for command in (Do(do="unmute"), Do(do="erase"), Choose(option="guests")):
            one.shows._take(command)
        refused = {f"presence {what}-refused" for what in ("unmute", "erase", "policy:guests")}
        await until(lambda: refused <= set(one.audit))
        assert one.under.is_stopped("listening")
        assert one.under.choosing.option == "usual"


async def test_the_erase_button_destroys_the_keys_of_all_that_was_kept(tmp_path, broker):
    async with whole(tmp_path, broker=broker) as one:
        forgot: list[bool] = []
        one.shows.forget_talk = lambda: forgot.append(True)
        one.under.keeper.keep(SAID, HEARD, MEANT, DONE)
        assert one.kept == 1
        await one.home.tell("erase", "PRESS")
        await until(lambda: one.audit == ["presence erase"])
        assert one.kept == 0
        assert forgot == [True]
        assert list((tmp_path / "state" / "receipts").iterdir())


async def test_a_policy_is_chosen_by_name_and_stays_chosen(tmp_path, broker):
    async with whole(tmp_path, broker=broker) as one:
        usual = one.under.agreed.policy.digest
        await one.home.tell("policy", "guests")
        await one.shown(policy="guests")
        assert one.under.agreed.policy.gating.otherwise == "never"
        await one.home.tell("policy", "broken")
        await until(lambda: "presence policy:broken-failed" in one.audit)
        assert one.under.agreed.policy.gating.otherwise == "never"
        await one.shown(policy="guests")
    async with whole(tmp_path, broker=broker) as one:
        await one.shown(policy="guests")
        assert one.under.agreed.policy.gating.otherwise == "never"
        await one.home.tell("policy", "usual")
        await one.shown(policy="usual")
        assert one.under.agreed.policy.digest == usual
        assert not (tmp_path / "state" / NAME).exists()
        await one.home.tell("policy", "guests")
        await one.shown(policy="guests")
    async with whole(tmp_path, "erase", broker=broker) as one:  # the owner allows it no longer
        assert one.under.agreed.policy.digest == usual


async def test_a_press_of_the_button_within_the_time_is_a_yes(tmp_path, broker):
    async with whole(tmp_path, broker=broker) as one:
        await one.home.tell("confirm", "PRESS")  # before anybody asked: not kept for later
        await until(lambda: one.audit == ["presence confirm-unasked"])
        async with listening(one, "open door", wake=(3,)) as skills:
            await until(lambda: {"event_type": "confirm"} in one.home.events)
            await until(lambda: one.home.retained["sotto/home/presence/confirm"] == b"online")
            assert skills.done == []
            await one.home.tell("confirm", "PRESS")
            await until(lambda: skills.done == ["open"])
        await until(lambda: one.home.retained["sotto/home/presence/confirm"] == b"offline")
        assert one.audit[1:] == ["button confirmed", "presence confirm"] or one.audit[1:] == [
            "presence confirm",
            "button confirmed",
        ]


@pytest.mark.parametrize("instead", ["time", "wake word", "another payload"])
async def test_silence_or_anything_else_is_a_no(tmp_path, broker, instead):
    async with whole(tmp_path, broker=broker) as one:
        one.under.confirming.button._seconds = 0.2 if instead == "time" else 3600
        microphone = Patient()
        hears = listening(one, "open door", "lamp", wake=(3, 30), microphone=microphone)
        async with hears as skills:
            await until(lambda: any(getattr(e, "effect", "") == "confirm" for e in one.events))
            if instead == "another payload":
                await until(lambda: {"event_type": "confirm"} in one.home.events)
                await one.home.tell("confirm", "NO")
            elif instead == "wake word":
                await until(lambda: one.under.confirming.button.is_waiting)
                microphone.go_on.set()
            await until(lambda: "button no-press" in one.audit)
        assert "open" not in skills.done
        replies = [event.text for event in one.events if hasattr(event, "text")]
        assert "Then I leave it." in replies


async def test_without_anybody_who_has_a_button_there_is_none(tmp_path, broker):
    async with (
        whole(tmp_path, "erase", broker=broker) as one,
        listening(one, "open door", wake=(3,)) as skills,
    ):
        await until(lambda: any(getattr(e, "text", "") == "Then I leave it." for e in one.events))
        assert skills.done == []


async def test_a_flood_of_commands_does_not_fill_the_audit_log(tmp_path, broker, monkeypatch):
    monkeypatch.setattr(presenting, "MOST_COMMANDS", 5)
    async with whole(tmp_path, broker=broker) as one:
        for _ in range(40):
            await one.home.tell("mute", "ON")
        await one.shown(muted="ON")
        await until(lambda: len(one.audit) == 5)
        await asyncio.sleep(0.3)
        assert len(one.audit) == 5


async def test_quiet_hours_of_the_policy_show_as_muted(tmp_path, broker):
    async with whole(tmp_path, broker=broker) as one:
        agreed = one.under.agreed
        agreed._policies.policy = agreed.policy.model_copy(update={"mute": ("listening",)})
        await one.shown(mood="muted", muted="ON")


def test_a_choice_that_is_no_longer_listed_is_the_usual_policy(tmp_path, caplog):
    settings = configured(tmp_path, 1)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / NAME).write_text("../../etc/passwd")
    (state / NAME).chmod(0o600)
    with agreement(settings, state, always=True) as under:
        assert under.choosing.option == "usual"
        assert under.agreed.policy.gating.otherwise == "allow"
    assert "no longer listed" in caplog.text
    assert "passwd" not in caplog.text


def test_without_presence_nothing_is_shown(tmp_path):
    assert presenting.presenting(Settings(), tmp_path, None, None) is None


async def test_no_word_that_was_said_is_in_any_message(tmp_path, broker):
    """The last is a name of an intent that nobody knows: it might be speech."""
    async with whole(tmp_path, broker=broker) as one:
        for text in (f"call {CANARY}", f"{CANARY} on", "zulu now"):
            async with listening(one, text, wake=(3,)) as skills:
                await until(lambda done=skills.done: len(done) == 1)
        await one.shown(intent="other")
        await until(lambda: len(one.home.events) == 3)
        everything = b"".join(bytes(message.payload) for message in one.home.messages)
        assert b'"utterances"' in everything
        for word in (CANARY, "PERSON_1", "zulu", "call"):
            assert word.encode() not in everything
