"""What an answer to a skill's question means, and a question's time."""

from __future__ import annotations

import asyncio

import pytest

from assistant.errors import SkillError
from assistant.skill import Intent, Reply, Skill
from assistant.types import RedactedIntent
from plugins.conversation import answer
from plugins.host import Host
from plugins.replies import Replies

LAMPS = ("desk lamp", "kitchen lamp", "red one")


@pytest.mark.parametrize(
    ("text", "expect", "meant"),
    [
        ("desk lamp", LAMPS, "desk lamp"),
        ("um, the desk lamp please", LAMPS, "desk lamp"),
        ("I mean the Kitchen Lamp over there", LAMPS, "kitchen lamp"),
        ("the desk lamp and the kitchen lamp", LAMPS, None),
        ("not the desk lamp", LAMPS, None),
        ("lamp", LAMPS, None),
        ("never mind", LAMPS, None),
        ("cancel", (), None),
        ("", (), None),
        ("", ("yes", "no"), None),
        ("yes", ("yes", "no"), "yes"),
        ("Yeah, go ahead", ("yes", "no"), None),
        ("sure", ("Yes", "No"), "Yes"),
        ("nope", ("yes", "no"), "no"),
        ("yes but not now", ("yes", "no"), None),
        ("buy milk", (), "buy milk"),
        ("stop", ("go", "stop"), "stop"),
        ("no milk", ("milk", "no milk"), "no milk"),
    ],
)
def test_an_answer_is_one_of_those_that_are_expected_or_none(text, expect, meant):
    assert answer(text, expect) == meant


def host(timeout: float) -> Host:
    skill = Skill("asks", timeout=timeout)

    @skill.on("Ask")
    async def asks(intent: Intent) -> Reply:
        heard = await intent.ask("Which?", ["one", "two"], seconds=3)
        if heard == "two":
            await asyncio.Event().wait()
        return Reply(f"heard {heard}")

    return Host([skill], Replies({}))


async def test_a_handler_asks_and_its_time_stands_still():
    async def slowly(text, expect, seconds):
        assert (text, expect, seconds) == ("Which?", ("one", "two"), 3)
        await asyncio.sleep(0.05)
        return "one"

    reply = await host(timeout=0.02).handle(RedactedIntent(1, "Ask", {}), slowly)
    assert reply == Reply("heard one")


async def test_after_the_answer_the_time_goes_on():
    async def two(text, expect, seconds):
        return "two"

    with pytest.raises(SkillError, match=r"no reply within 0\.02 s"):
        async with asyncio.timeout(5):
            await host(timeout=0.02).handle(RedactedIntent(1, "Ask", {}), two)


async def test_where_nobody_can_be_asked_there_is_no_answer():
    assert await host(timeout=1).handle(RedactedIntent(1, "Ask", {})) == Reply("heard None")
