"""Puts the skills together: those given, then the built-in ones, then those outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
from plugins.lists import Lists
from plugins.loudness import volume_skill
from plugins.powers import Powers
from plugins.privacy import privacy_skill
from plugins.replies import Replies
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
) -> Host:
    """Make a host of `skills`, of the built-in ones over a simulated house, and of those outside.

    `files` are all sentences that the parser reads, those of skills among them; their reply
    templates are used. `answers`: by intent, the skill that `outside` runs for it
    (`plugins.catalogue.Catalogue.answers`).
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
        things_skill(House(things), replies),
        basics_skill(replies),
    )
    for skill in (*skills, *built_in):
        for name in set(_STOPS) & skill.handlers.keys():
            skill.handlers[name] = _ringing_first((alarms.stop, timers.stop), skill.handlers[name])
    return Host((*skills, *built_in), replies, (timers, alarms), outside, answers)


def _ringing_first(stops: Sequence[Callable[[], bool]], handler: Handler) -> Handler:
    """A bare "stop" means what rings, while something does."""

    async def stop(intent: Intent) -> Reply:
        if not intent.slots and sum(ring() for ring in stops):
            return Reply("Stopped.")
        return await handler(intent)

    return stop
