"""Puts the skills together: those given, and then the built-in ones."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.skill import Skill
from pipeline.sentences import SentenceFile, merge
from pipeline.things import Things
from plugins.basics import basics_skill
from plugins.clock import clock_skill
from plugins.devices import things_skill
from plugins.host import Host
from plugins.house import House
from plugins.lists import Lists
from plugins.memory import Memory
from plugins.replies import Replies
from plugins.timers import Timers


def make_host(
    things: Things,
    files: Sequence[SentenceFile],
    skills: Sequence[Skill] = (),
    memory: Memory | None = None,
) -> Host:
    """Make a host of `skills` and then the built-in ones, over a simulated house.

    `files` are all sentences that the parser reads, those of `plugins.host.skill_sentences`
    among them; their reply templates are used. Timers and lists live in `memory`, where there
    is one.
    """
    replies = Replies(merge(files)["responses"]["intents"])
    timers = Timers(replies, memory=memory)
    built_in = (
        clock_skill(replies),
        timers.skill,
        Lists(replies, memory).skill,
        things_skill(House(things), replies),
        basics_skill(replies),
    )
    return Host((*skills, *built_in), replies, timers)
