"""Several commands in one breath, and single ones with an "and" in them."""

from __future__ import annotations

import pytest

from assistant.acting import joined
from assistant.events import Decided, Event, Replied, Understood
from assistant.parts import Parts
from assistant.runtime import Assistant
from assistant.settings import ListenSettings
from assistant.types import Entity, RedactedTranscript
from pipeline.intents import IntentParser
from pipeline.listen import Listener, ring_for
from pipeline.redact import part
from pipeline.sentences import built_in
from pipeline.several import Several
from pipeline.things import load_things
from tests.test_runtime import (
    CanaryDetector,
    EchoSkills,
    FirstWord,
    Recording,
    ScriptedEnd,
    ScriptedRecognizer,
    ScriptedWake,
    grant_all,
    sound,
)


@pytest.fixture(scope="module")
def parser() -> IntentParser:
    return IntentParser(built_in(), load_things(None))


@pytest.fixture(scope="module")
def names(parser: IntentParser):  # type: ignore[no-untyped-def]
    several = Several(parser)

    def names(text: str) -> list[str]:
        transcript = RedactedTranscript(1, text, (), 1.0)
        return [intent.name for intent in several.parse(transcript, parser.parse(transcript))]

    return names


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("turn off the lights and set a timer for five minutes", ["HassTurnOff", "HassStartTimer"]),
        ("turn off the lights, set a timer for five minutes", ["HassTurnOff", "HassStartTimer"]),
        ("what time is it and then lock the front door", ["HassGetCurrentTime", "HassTurnOn"]),
        (
            "add salt and pepper to my shopping list and turn on the kitchen light",
            ["HassListAddItem", "HassTurnOn"],
        ),
        (
            "turn on the kitchen light, close the blinds and set a timer for two minutes",
            ["HassTurnOn", "HassTurnOff", "HassStartTimer"],
        ),
        (
            "set a timer for one hour and thirty minutes and turn off the lights",
            ["HassStartTimer", "HassTurnOff"],
        ),
        (
            "set a timer for five minutes called pasta and turn off the lights",
            ["HassStartTimer", "HassTurnOff"],
        ),
        ("unlock the front door and never mind", ["HassNevermind"]),
    ],
)
def test_a_breath_with_several_commands_is_cut_into_them(names, text, wanted):  # type: ignore[no-untyped-def]
    assert names(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "add salt and pepper to my shopping list",
        "add bread and butter to the shopping list",
        "set a timer for one hour and thirty minutes",
        "set an alarm for half past six",
        "broadcast dinner is ready and turn off the lights",
        "what is two and a half times three",
        "turn on the kitchen light and sing me a song",
        "we went out and then we came home",
        "and",
        "turn off the lights and",
        "",
    ],
)
def test_a_single_command_and_what_is_none_stay_whole(names, text):  # type: ignore[no-untyped-def]
    assert names(text) == []


def test_each_command_has_the_placeholders_of_its_own_words() -> None:
    people = (Entity("PERSON", "PERSON_1"), Entity("PERSON", "PERSON_2"))
    whole = RedactedTranscript(7, "call PERSON_2 and ask PERSON_1", people, 0.9)
    cut = part(whole, 0, 13)
    assert (cut.text, cut.entities, cut.utterance_id) == ("call PERSON_2", (people[1],), 7)


def test_what_a_command_needs_is_not_redacted_where_it_is_one_of_several(
    parser: IntentParser,
) -> None:
    text = "turn off the lights and set a timer for four one five minutes"
    several = Several(parser)
    assert several.needed("hello there and nothing") == ()
    text = "lock the front door and set a timer for twenty minutes"
    places = [text[one.start : one.end] for one in several.needed(text)]
    assert "twenty" in " ".join(places)
    assert parser.needed(text) == ()


def assistant(events: list[Event], skills: EchoSkills, *texts: str) -> Assistant:
    """Splits at "and", by the first word of each part."""

    def several(transcript, whole):  # type: ignore[no-untyped-def]
        parts = transcript.text.split(" and ")
        if len(parts) < 2:
            return ()
        starts = [transcript.text.index(one) for one in parts]
        return [
            FirstWord().parse(part(transcript, start, start + len(one)))
            for start, one in zip(starts, parts, strict=True)
        ]

    listener = Listener(
        wake=ScriptedWake(3),
        endpointer=ScriptedEnd(),
        recognizer=ScriptedRecognizer(*texts),
        ring=ring_for(ListenSettings()),
    )
    parts = Parts(lambda: (CanaryDetector(),), FirstWord(), grant_all, skills, several=several)
    return Assistant(listener, parts, events.append)


async def told(*texts: str) -> tuple[list[Event], EchoSkills]:
    events: list[Event] = []
    skills = EchoSkills()
    await assistant(events, skills, *texts).replay(Recording(sound(40)), "a.wav")
    return events, skills


async def test_all_of_it_is_done_in_order_and_answered_once() -> None:
    events, skills = await told("lamp on and timer set")
    assert skills.done == ["lamp", "timer"]
    assert [event.name for event in events if isinstance(event, Understood)] == ["lamp", "timer"]
    assert [event.text for event in events if isinstance(event, Replied)] == [
        "lamp done. timer done"
    ]


async def test_nothing_is_done_where_one_of_them_is_not_allowed() -> None:
    events, skills = await told("lamp on and forbidden act")
    assert skills.done == []
    assert {event.effect for event in events if isinstance(event, Decided)} == {"refuse"}
    assert [event.text for event in events if isinstance(event, Replied)] == [
        "I'm not allowed to do all of that, so I did none of it."
    ]


@pytest.mark.parametrize(("answer", "done"), [("yes", ["lamp", "open"]), ("no", [])])
async def test_one_yes_is_asked_for_and_stands_for_all_of_it(answer: str, done: list[str]) -> None:
    events, skills = await told("lamp on and open door", answer)
    assert skills.done == done
    replies = [event.text for event in events if isinstance(event, Replied)]
    assert replies[0] == "You said: lamp on and open door. Shall I do that?"
    assert len(replies) == 2


def test_replies_are_joined_as_sentences() -> None:
    assert (
        joined(["Turned off the lights", "", "Timer set."]) == "Turned off the lights. Timer set."
    )
    assert joined(["Sure?", "Yes"]) == "Sure? Yes"
    assert joined(["", ""]) == ""
