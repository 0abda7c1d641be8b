"""Puts the skills together: those given, then the built-in ones, then those outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.skill import Handler, Intent, Reply, Skill
from pipeline.sentences import SentenceFile, merge
from pipeline.things import Things
from plugins.alarms import Alarms
from plugins.basics import basics_skill
from plugins.calculator import calculator_skill
from plugins.clock import clock_skill
from plugins.dates import dates_skill
from plugins.devices import things_skill
from plugins.host import Host, Outside
from plugins.house import House
from plugins.hushing import Hush
from plugins.lists import Lists
from plugins.loudness import volume_skill
from plugins.powers import Powers
from plugins.privacy import privacy_skill
from plugins.replies import Replies
from plugins.simulated import SimulatedHouse
from plugins.timers import Timers

_NOTHING = Powers()
_STOPS = ("HassMediaPause", "HassCancelTimer", "StopRinging")
"""What "stop" may mean; Home Assistant's sentences make a pause of it."""


def make_host(
    things: Things,
    files: Sequence[SentenceFile],
    skills: Sequence[Skill] = (),
    *,
    powers: Powers = _NOTHING,
    outside: Outside | None = None,
    answers: Mapping[str, str] | None = None,
    house: House | None = None,
) -> Host:
    """Make a host of `skills`, of the built-in ones, and of those outside.

    `files` are all sentences that the parser reads, those of skills among them; their reply
    templates are used. `answers`: by intent, the skill that `outside` runs for it
    (`plugins.catalogue.Catalogue.answers`). `house`: who acts on devices; None: a simulated one.
    """
    replies = Replies(merge(files)["responses"]["intents"])
    timers = Timers(replies, shelf=powers.timers)
    alarms = Alarms(shelf=powers.alarms)
    built_in = (
        alarms.skill,
        clock_skill(replies),
        dates_skill(),
        timers.skill,
        Lists(replies, powers.lists).skill,
        calculator_skill(),
        privacy_skill(powers.diary, powers.ear),
        volume_skill(powers.loudness),
        things_skill(house or SimulatedHouse(things), replies),
        basics_skill(replies),
    )
    hush = Hush((alarms.stop, timers.stop))
    for skill in (*skills, *built_in):
        for name in set(_STOPS) & skill.handlers.keys():
            skill.handlers[name] = _ringing_first(hush, skill.handlers[name])
    speaking = (timers, alarms, *((powers.ear,) if powers.ear is not None else ()))
    return Host((*skills, *built_in), replies, speaking, outside, answers, hush)


def _ringing_first(hush: Hush, handler: Handler) -> Handler:
    """A bare "stop" means what rings, while something does, or what was just said into."""

    async def stop(intent: Intent) -> Reply:
        if not intent.slots and hush.stop():
            return Reply("Stopped.")
        if not intent.slots and hush.was_lately:
            return Reply()
        return await handler(intent)

    return stop
