"""A skill in its own process: what it may do, and what happens when it misbehaves."""

from __future__ import annotations

import asyncio
import logging
import signal

import pytest
from sandbox.caged import confined, running, say, until

from assistant.errors import BusyError, SkillError
from assistant.skill import Intent, Reply
from assistant.types import Choice, Number, Placeholder, Words
from plugins.sandbox import report, sandboxed, supervisor
from plugins.sandbox.confined import MIB
from plugins.sandbox.orders import Fences
from plugins.sandbox.proxy import Page, Request


async def test_slots_arrive_as_what_they_are_and_the_reply_comes_back(tmp_path):
    slots = {"a": Choice("lamp"), "b": Number(2.5), "c": Placeholder("PERSON_1", "PERSON")}
    async with running(confined(tmp_path)) as made:
        reply = await made.handle("rascal", Intent("Echo", {**slots, "d": Words("milk")}, "other"))
    assert reply == Reply(
        "Echo {'a': 'lamp', 'b': 2.5, 'c': 'PERSON_1', 'd': 'milk'} "
        "{'a': 'Choice', 'b': 'Number', 'c': 'Placeholder', 'd': 'Words'} other"
    )


@pytest.mark.parametrize("brokered", [False, True], ids=["fenced", "brokered"])
async def test_a_skill_keeps_files_in_its_own_directory_and_imports_what_it_needs(
    tmp_path, monkeypatch, brokered
):
    if brokered:
        monkeypatch.setattr(report, "chosen", lambda *_: Fences(True, False, False))
    async with running(confined(tmp_path)) as made:
        assert (
            await say(made, "Keep", text="milk") == "('milk', ['notes', 'kept'], 4) graphlib False"
        )
    assert list((tmp_path / "rascal").iterdir()) == []


@pytest.mark.parametrize("brokered", [False, True], ids=["fenced", "brokered"])
async def test_the_fences_are_up_before_a_line_of_the_skill_runs(tmp_path, monkeypatch, brokered):
    if brokered:
        monkeypatch.setattr(report, "chosen", lambda *_: Fences(True, False, False))
    async with running(confined(tmp_path)) as made:
        assert await say(made, "Import") in {"PermissionError", "FileNotFoundError"}


async def test_a_skill_sees_what_is_opened_to_it_and_nothing_else(tmp_path):
    async with running(confined(tmp_path)) as made:
        slots = {
            "who": Placeholder("PERSON_1", "PERSON"),
            "whom": Placeholder("PERSON_2", "PERSON"),
        }
        reply = await made.handle("rascal", Intent("Opened", slots), {"PERSON_1": "Jane"})
    assert reply == Reply("Jane None")


async def test_a_handler_that_raises_keeps_its_words_and_goes_on(tmp_path):
    async with running(confined(tmp_path)) as made:
        process = made.skill("rascal").process
        with pytest.raises(SkillError, match=r"^skill rascal: ValueError at rascal.py:\d+$"):
            await say(made, "Raise")
        with pytest.raises(SkillError, match=r"an error of its own at rascal.py:\d+$"):
            await say(made, "RaiseWords")
        with pytest.raises(SkillError, match="KeyError"):
            await say(made, "Unheard")
        with pytest.raises(SkillError, match="TypeError"):
            await say(made, "ReplyWrongly")
        assert len(await say(made, "ReplyLong")) == 1000
        assert (made.skill("rascal").process, made.skill("rascal").strikes) == (process, 0)


MISDEEDS = {
    "Hang": "took too long",
    "Flood": "broke a rule of the wire",
    "Drown": "broke a rule of the wire: a message of 2147483648 bytes",
    "Crash": f"ended by itself, status {-signal.SIGSEGV}",
    "Leave": "ended by itself, status 7",
    "HangUp": "hung up",
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_who_misbehaves_is_ended_and_nobody_else_notices(tmp_path, misdeed):
    rascal = confined(tmp_path, seconds=0.5)
    async with running(rascal, confined(tmp_path, "good")) as made:
        first = made.skill("rascal").process
        doing = asyncio.create_task(say(made, misdeed))
        while not doing.done():
            assert await say(made, "Echo", "good", a="b")
        with pytest.raises(SkillError, match=f"^skill rascal {MISDEEDS[misdeed]}"):
            await doing
        await until(lambda: made.skill("rascal").process not in (None, first))
        assert (made.skill("rascal").strikes, made.skill("good").strikes) == (1, 0)


LIES = {
    "a reply nobody waits for": '{"say":"reply","id":77,"text":"x"}',
    "an answer to nobody": '{"say":"ask","id":77,"text":"x","expect":[],"seconds":1}',
    "a second beginning": '{"say":"ready","id":0,"intents":[]}',
    "no message": "[]",
}


async def test_every_lie_ends_the_liar(tmp_path):
    async with running(confined(tmp_path)) as made:
        skill = made.skill("rascal")
        for lie in LIES.values():
            skill.strikes = 0
            await until(lambda: skill.process is not None and skill.is_up)
            with pytest.raises(SkillError, match="broke a rule of the wire"):
                await say(made, "Lie", text=lie)


async def test_three_strikes_put_a_skill_aside(tmp_path, caplog):
    async with running(confined(tmp_path)) as made:
        skill = made.skill("rascal")
        for _ in range(3):
            await until(lambda: skill.is_up)
            with pytest.raises(SkillError):
                await say(made, "Leave")
        await until(lambda: skill.aside)
        with pytest.raises(SkillError, match=r"^skill rascal is put aside$"):
            await say(made, "Echo")
    assert [r.levelno for r in caplog.records] == [logging.WARNING, logging.WARNING, logging.ERROR]


async def test_strikes_are_forgiven_after_a_good_while(tmp_path, monkeypatch):
    monkeypatch.setattr(sandboxed, "FORGIVEN", 0.0)
    async with running(confined(tmp_path)) as made:
        skill = made.skill("rascal")
        for _ in range(4):
            await until(lambda: skill.is_up)
            with pytest.raises(SkillError):
                await say(made, "Leave")
        await until(lambda: skill.is_up)
        assert not skill.aside


async def test_a_gibibyte_is_refused(tmp_path):
    async with running(confined(tmp_path)) as made:
        with pytest.raises(SkillError, match="MemoryError"):
            await say(made, "Gorge")


async def test_who_holds_too_much_or_burns_the_processor_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "WATCH", 0.05)
    monkeypatch.setattr(supervisor, "BURNS", 0.1)  # the machine may be busy otherwise
    async with running(confined(tmp_path, storage=MIB), confined(tmp_path, "hot")) as made:
        with pytest.raises(SkillError, match="holds more than 1048576 bytes on disk"):
            await say(made, "Hoard")
        assert await say(made, "Burn", "hot") == "warm"
        await until(lambda: made.skill("hot").strikes == 1)


async def test_who_waits_no_longer_makes_nobody_a_liar(tmp_path):
    async with running(confined(tmp_path)) as made:
        process = made.skill("rascal").process
        waiting = asyncio.create_task(say(made, "Sleep", seconds="0.05"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await say(made, "Sleep", seconds="0.1") == "awake"
        assert made.skill("rascal").process == process


async def test_a_skill_answers_eight_at_a_time(tmp_path):
    async with running(confined(tmp_path)) as made:
        waiting = [asyncio.create_task(say(made, "Sleep", seconds="0.1")) for _ in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="8 intents wait"):
            await say(made, "Echo")
        assert await asyncio.gather(*waiting) == ["awake"] * 8


async def test_a_question_is_asked_and_its_time_is_not_the_skills(tmp_path):
    async def person(text: str, expect: tuple[str, ...], seconds: float) -> str | None:
        await asyncio.sleep(0.6)
        return f"{text} {expect[1]} {seconds}"

    async with running(confined(tmp_path, seconds=0.5)) as made:
        assert await say(made, "Ask", ask=person) == "Which one? right 2.5"
        assert await say(made, "Ask") == "None"


async def test_a_skill_may_not_ask_for_ever(tmp_path):
    async with running(confined(tmp_path)) as made:
        with pytest.raises(SkillError, match="it was not asked"):
            await say(made, "AskOften")


async def test_a_skill_fetches_from_the_hosts_of_its_manifest_only(tmp_path):
    asked: list[Request] = []

    async def perform(request: Request) -> Page:
        asked.append(request)
        return Page(200, b"sunny")

    hosts = frozenset({"api.example.org"})
    async with running(confined(tmp_path, hosts=hosts), perform=perform) as made:
        assert await say(made, "Fetch", url="https://api.example.org/today?at=1") == "sunny"
        with pytest.raises(SkillError, match="SkillError"):
            await say(made, "Fetch", url="https://example.net/?said=banana")
    assert asked == [Request("api.example.org", 443, "/today?at=1")]
