"""Everything that can fail, fails with the words of whoever spoke in its mouth: none gets out."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from assistant import logs
from assistant.errors import AssistantError
from assistant.events import Event
from assistant.parts import Parts
from assistant.runtime import Assistant
from assistant.settings import ListenSettings
from assistant.skill import Intent, Reply, Skill
from assistant.types import AudioFrame, Transcript
from pipeline.listen import Listener, ring_for
from plugins.host import Host
from plugins.replies import Replies
from tests.silence import CANARY, ERRORS, SAID, as_a_daemon, fail
from tests.test_runtime import (
    EchoSkills,
    EndlessMicrophone,
    FirstWord,
    QuietSkills,
    Recording,
    ScriptedEnd,
    ScriptedRecognizer,
    ScriptedWake,
    grant_all,
    sound,
    until,
)


def skills(act: Callable[[Intent], object]) -> Host:
    async def handler(intent: Intent) -> Reply:
        done = act(intent)
        if asyncio.iscoroutine(done):
            await done
        return Reply("done")

    return Host([Skill("troubled", {}, {}, handlers={"call": handler})], Replies({}))


def one(events: list[Event], **parts: Any) -> Assistant:
    """An assistant that hears the canary once; `parts` replaces some of it."""
    recognizer = parts.pop("recognizer", None) or ScriptedRecognizer(SAID, "lamp")
    listener = Listener(
        wake=ScriptedWake(3),
        endpointer=parts.pop("endpointer", None) or ScriptedEnd(),
        recognizer=recognizer,
        ring=ring_for(ListenSettings()),
    )
    given = {
        "detectors": tuple,
        "parser": FirstWord(),
        "decide": grant_all,
        "skills": EchoSkills(),
        **parts,
    }
    return Assistant(listener, Parts(**given), events.append)


async def hear(capfd: pytest.CaptureFixture[str], **parts: Any) -> str:
    """What gets out while one utterance is dealt with."""
    with as_a_daemon(capfd) as heard:
        logs.mind_loop(asyncio.get_running_loop())
        await one([], **parts).replay(Recording(sound(20)), "a.wav")
        gc.collect()
        await asyncio.sleep(0)
    return heard.text


# What fails on the way of an utterance


@pytest.mark.parametrize("said", ERRORS)
async def test_a_recognizer_that_fails(capfd, said):
    class Failing(ScriptedRecognizer):
        def finish(self, utterance: Any) -> Transcript:
            return fail(ERRORS[said])

    out = await hear(capfd, recognizer=Failing(SAID))
    assert "utterance 1 dropped" in out
    assert said in out
    assert CANARY not in out


@pytest.mark.parametrize("said", ["ValueError", "ValidationError", "StubbornError", "SystemExit"])
@pytest.mark.parametrize("part", ["detector", "parser", "keep"])
async def test_a_part_behind_it_that_fails(capfd, part, said):
    class Detector:
        name, types, cost = "failing", (), 0.0

        def find(self, transcript: Transcript) -> Any:
            return fail(ERRORS[said])

    class Parser:
        def parse(self, transcript: Any) -> Any:
            return fail(ERRORS[said])

    def failing(*_: object) -> Any:
        return fail(ERRORS[said])

    parts = {
        "detector": {"detectors": lambda: (Detector(),)},
        "parser": {"parser": Parser()},
        "keep": {"keep": failing},
    }[part]
    out = await hear(capfd, **parts)
    assert "utterance 1 dropped" in out
    assert said in out
    assert CANARY not in out


def in_a_thread() -> None:
    thread = threading.Thread(target=fail, args=(ERRORS["ValueError"],), name="library")
    thread.start()
    thread.join()


class Leaving:
    def __del__(self) -> None:
        raise ValueError(SAID)


async def never_awaited() -> None:
    asyncio.get_running_loop().create_task(asyncio.to_thread(fail, ERRORS["ValueError"]))
    await asyncio.sleep(0.05)
    gc.collect()


async def in_a_callback() -> None:
    asyncio.get_running_loop().call_soon(fail, ERRORS["ValueError"])
    await asyncio.sleep(0)


def own_handler() -> None:
    logger = logging.getLogger("a_library")
    handler = logging.StreamHandler()
    logger.addHandler(handler)
    try:
        logger.error("they said %s", CANARY)
    finally:
        logger.removeHandler(handler)


def broken_log() -> None:
    logging.getLogger("faster_whisper").error("%d %d", SAID)  # noqa: PLE1206  # as a library may


def by_traceback() -> None:
    try:
        fail(ERRORS["ValueError"])
    except ValueError:
        traceback.print_exc()
        sys.stderr.write(traceback.format_exc())


def debugging() -> None:
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    logging.getLogger("asyncio").warning("Executing %r took 1 seconds", SAID)
    loop.set_debug(False)


ACTS: dict[str, tuple[Callable[[], object], str]] = {
    "prints": (lambda: print(SAID), "a library wrote to standard output"),
    "prints to stderr": (lambda: print(SAID, file=sys.stderr), "wrote to standard error"),
    "writes where there was a terminal": (
        lambda: print(SAID, file=sys.__stderr__, flush=True), "wrote to standard error"
    ),
    "prints a traceback": (by_traceback, "wrote to standard error"),
    "logs": (lambda: logging.getLogger("websockets").error(SAID), "its text is not logged"),
    "logs with a handler of its own": (own_handler, "its text is not logged"),
    "logs what can't be formatted": (broken_log, "its text is not logged"),
    "logs under our name": (
        lambda: logging.getLogger("assistant.x").error("they said %s", SAID), "not logged"
    ),
    "logs under a name that speaks": (
        lambda: logging.getLogger(CANARY).error("x"), "a library at"
    ),
    "logs an exception": (
        lambda: logging.getLogger("aiomqtt").error("x", exc_info=ValueError(SAID)), "not logged"
    ),
    "debugs": (debugging, "its text is not logged"),
    "warns": (lambda: warnings.warn(SAID, UserWarning, stacklevel=1), "UserWarning at test_fail"),
    "warns of something odd": (
        lambda: warnings.warn_explicit(SAID, DeprecationWarning, f"/x/{CANARY[:3]}.py", 3),
        "DeprecationWarning",
    ),
    "fails in a thread": (in_a_thread, "thread library died: ValueError"),
    "fails while it is let go of": (lambda: Leaving() and None, "cleaning up: ValueError"),
    "fails where nobody waits": (never_awaited, "the event loop met ValueError"),
    "fails in a callback": (in_a_callback, "the event loop met ValueError"),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.filterwarnings("default")
async def test_a_skill_that_does_this(capfd, name):
    act, said = ACTS[name]
    out = await hear(capfd, skills=skills(lambda _intent: act()))
    assert said in out
    assert CANARY not in out


@pytest.mark.parametrize("said", [*list(ERRORS)[:6], "AssistantError", "TimeoutError"])
async def test_a_skill_that_fails(capfd, said):
    more = {"AssistantError": AssistantError(SAID), "TimeoutError": TimeoutError(SAID)}
    raised = more.get(said) or ERRORS[said]()

    def failing(_intent: Intent) -> None:
        raise raised

    out = await hear(capfd, skills=skills(failing))
    assert "skill troubled, intent call" in out
    assert CANARY not in out


async def test_a_skill_that_wants_to_end_us_ends_nothing_and_says_nothing(capfd):
    def leaving(_intent: Intent) -> None:
        raise SystemExit(SAID)

    out = await hear(capfd, skills=skills(leaving))
    assert "intent call: SystemExit at" in out
    assert CANARY not in out


async def test_a_reply_template_that_fails(capfd):
    class Templated(QuietSkills):
        async def handle(self, intent: Any, ask: Any = None) -> Reply:
            template = Replies({"call": {"default": "{{ slots.what.x.y }} {{ 1 / 0 }}"}})
            return Reply(template.render(Intent("call", intent.slots)))

    out = await hear(capfd, skills=Templated())
    assert "reply call.default: " in out
    assert CANARY not in out


async def test_a_voice_that_fails(capfd):
    class Voice:
        def say(self, text: str) -> None:
            raise ValueError(text + SAID)

        def stop(self) -> None: ...

    with as_a_daemon(capfd) as heard:
        source = EndlessMicrophone(sound(20))
        events: list[Event] = []
        given = one(events, skills=_Quiet(), voice=Voice())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(given.listen(source))
            await until(lambda: any(event.fields()["event"] == "error" for event in events))
            source.close()
    assert "utterance 1 dropped: ValueError" in heard.text
    assert CANARY not in heard.text


class _Quiet(QuietSkills):
    async def handle(self, intent: Any, ask: Any = None) -> Reply:
        return Reply(CANARY)


@pytest.mark.parametrize("said", ["ValueError", "FileNotFoundError", "StubbornError"])
async def test_a_microphone_or_ear_that_fails(capfd, said):
    class Broken(Recording):
        def frames(self) -> Any:
            yield from self.items
            fail(ERRORS[said])

    class Ending(ScriptedEnd):
        def feed(self, frame: AudioFrame, partial: Any) -> Any:
            return fail(ERRORS[said])

    with as_a_daemon(capfd) as heard:
        for source, end in ((Broken(sound(20)), None), (Recording(sound(20)), Ending())):
            with pytest.raises(Exception, match=r".*") as raised:
                await one([], endpointer=end).listen(source)
            logging.getLogger("assistant").error("the event loop met %s", raised.value)
    assert "ExceptionGroup" in heard.text
    assert CANARY not in heard.text
