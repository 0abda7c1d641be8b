"""The skills' host, and what an author of a skill can rely on."""

from __future__ import annotations

import asyncio
import json
import logging

import home_assistant_intents
import pytest

from assistant import Intent, Reply, Skill
from assistant.errors import SentencesError, SkillError
from assistant.types import (
    Choice,
    Number,
    Placeholder,
    RedactedIntent,
    RedactedTranscript,
    Slot,
    Words,
)
from pipeline.intents import IntentParser
from pipeline.sentences import built_in, merge
from pipeline.things import load_things
from plugins.builtin import make_host
from plugins.host import Host, skill_sentences
from plugins.replies import DONE, Replies

CANARY = "kookaburra"


def host(*skills: Skill) -> Host:
    return Host(skills, Replies({}))


def intent(name: str, /, **slots: Slot) -> RedactedIntent:
    return RedactedIntent(1, name, slots)


@pytest.fixture
def lamp() -> Skill:
    lamp = Skill(
        name="lamp",
        sentences={"TurnOn": ["turn on [the] {lamp}", "say {words} to the lamp"]},
        choices={"lamp": ["desk lamp", "kitchen lamp"], "words": []},
    )

    @lamp.on("TurnOn")
    async def turn_on(intent: Intent) -> Reply:
        return Reply(f"The {intent['lamp']} is on.")

    return lamp


async def test_a_skill_fits_on_one_screen(lamp):
    files = (*built_in(), *skill_sentences([lamp]))
    things = load_things(None)
    parsed = IntentParser(files, things).parse(
        RedactedTranscript(1, "turn on the desk lamp", (), 1.0)
    )
    assert parsed == intent("TurnOn", lamp=Choice("desk lamp"))
    assert await make_host(things, files, [lamp]).handle(parsed) == Reply("The desk lamp is on.")


def test_slots_are_plain_values():
    wanted = Intent(
        "Any",
        {
            "who": Placeholder("PERSON_1", "PERSON"),
            "what": Words("milk"),
            "where": Choice("Kitchen"),
            "many": Number(5.0),
            "warm": Number(21.5),
        },
    )
    assert dict(wanted) == {
        "who": "PERSON_1",
        "what": "milk",
        "where": "Kitchen",
        "many": 5,
        "warm": 21.5,
    }
    assert isinstance(wanted["many"], int)
    assert wanted.get("when") is None
    assert (wanted.number("many"), wanted.number("what")) == (5.0, None)
    assert (wanted.text("many"), wanted.text("when")) == ("5", None)


def test_two_answers_to_one_intent_are_a_mistake(lamp):
    with pytest.raises(ValueError, match="lamp: two handlers for TurnOn"):
        lamp.on("TurnOn")(None)


def test_broken_sentences_of_a_skill_name_the_skill():
    skill = Skill("lamp", sentences={"TurnOn": ["turn on {lmap}"]})
    with pytest.raises(SentencesError, match="lamp: sentences for TurnOn, but no handler"):
        skill_sentences([skill])
    skill.on("TurnOn")(None)
    with pytest.raises(SentencesError, match=r"skill lamp.*no list \{lmap\}"):
        skill_sentences([skill])


async def test_a_skill_that_fails_keeps_its_words_out_of_the_log(caplog):
    skill = Skill("bad")

    @skill.on("One")
    async def one(intent: Intent) -> Reply:
        raise RuntimeError(f"cannot find {intent['item']}")

    @skill.on("Two")
    async def two(intent: Intent) -> Reply:
        raise SkillError(f"cannot find {intent['item']}")

    @skill.on("Three")
    async def three(intent: Intent) -> Reply:
        return intent["item"]

    with caplog.at_level(logging.DEBUG):
        for name in ("One", "Two", "Three"):
            with pytest.raises(SkillError, match=f"skill bad, intent {name}: ") as raised:
                await host(skill).handle(intent(name, item=Words(CANARY)))
            assert CANARY not in str(raised.value)
            assert raised.value.__cause__ is None
    assert CANARY not in caplog.text


async def test_a_skill_that_hangs_is_given_up():
    skill = Skill("slow", timeout=0.01)

    @skill.on("Wait")
    async def wait(intent: Intent) -> Reply:
        await asyncio.Event().wait()
        return Reply()

    with pytest.raises(SkillError, match=r"skill slow, intent Wait: no reply within 0\.01 s"):
        await host(skill).handle(intent("Wait"))


async def test_an_intent_without_a_skill_is_answered_from_its_own_sentences():
    replies = Replies({"Brew": {"default": "Brewing {{ slots.drink }}."}})
    kitchen = Host((), replies)
    assert await kitchen.handle(intent("Brew", drink=Choice("tea"))) == Reply("Brewing tea.")
    assert (await kitchen.handle(intent("Cook"))).text.startswith("I understand, but no skill")


async def test_every_english_intent_of_home_assistant_is_answered():
    values = home_assistant_intents.get_intents("en", json_load=json.load)
    house = make_host(load_things(None), built_in())
    for name, data in values["intents"].items():
        for response in {block["response"] for block in data["data"]}:
            slots = {"name": Choice("Nothing"), "item": Words("milk"), "minutes": Number(5)}
            reply = await house.handle(RedactedIntent(1, name, slots, response))
            assert "no skill here" not in reply.text, name


class TestReplies:
    def render(self, template: str, **slots: Slot) -> str:
        replies = Replies({"Any": {"default": template}})
        return replies.render(Intent("Any", slots), {"extra": 3}, state={"name": "Lamp"})

    def test_templates_see_slots_and_state_in_one_line(self):
        shown = self.render(
            "{{ slots.minutes }}\n  of {{ slots.extra }} {{ state.name }}", minutes=Number(5)
        )
        assert shown == "5 of 3 Lamp"

    @pytest.mark.parametrize(
        "template",
        [
            "{{ slots.__class__.__mro__[1].__subclasses__() }}",
            "{{ ''.__class__.__base__ }}",
            "{{ 1 / 0 }}",
            "{{ none() }}",
            "{% if %}",
            "{{ range(10 ** 9) | list }}",
            "{{ slots.nothing.more }}",
        ],
    )
    def test_a_bad_template_gives_a_plain_answer(self, template, caplog):
        assert self.render(template, item=Words(CANARY)) in (DONE, "")
        assert CANARY not in caplog.text

    def test_what_somebody_said_is_no_template(self):
        assert (
            self.render("Added {{ slots.item }}", item=Words("{{ 1 + 1 }}")) == "Added {{ 1 + 1 }}"
        )

    def test_every_built_in_template_is_whole(self):
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        for templates in merge(built_in())["responses"]["intents"].values():
            for template in templates.values():
                ImmutableSandboxedEnvironment().from_string(template)
