"""Cloud skills: understood here, answered elsewhere, and only where a policy releases it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assistant.errors import AssistantError
from assistant.skill import Handler, Intent, Reply, Skill
from assistant.types import RedactedIntent, Refusal, Release

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CloudSkill:
    """Sentences whose intents a destination answers. What it may get stands in the policy.

    An intent without templates has its sentences elsewhere: Home Assistant's own, or a file.
    """

    name: str
    destination: str
    """As `sharing` names it in the policy."""
    fallback: str
    """What to say where no answer comes."""
    sentences: Mapping[str, Sequence[str]]
    """Templates by intent, as a `Skill` has them."""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def local(self) -> Skill:
        """The same as a skill of this device: it understands, and answers with the fallback."""

        async def answer(_intent: Intent) -> Reply:
            return Reply(self.fallback)

        spoken = {intent: given for intent, given in self.sentences.items() if given}
        handlers: dict[str, Handler] = dict.fromkeys(self.sentences, answer)
        return Skill(self.name, spoken, self.choices, handlers=handlers)


class Cloud:
    """Asks destinations, and says what they answer."""

    def __init__(
        self,
        skills: Iterable[CloudSkill],
        release: Callable[[RedactedIntent, str], Awaitable[Release | Refusal]],
        ask: Callable[[Release, float], Awaitable[str | None]],
        seconds: float = 5.0,
    ) -> None:
        """`release` decides and notes it in the audit log; `ask` is `Link.ask`.

        `seconds`: for which an answer is waited for. Of two skills for an intent the first counts.
        """
        self._release = release
        self._ask = ask
        self._seconds = seconds
        self._skills: dict[str, CloudSkill] = {}
        for skill in skills:
            for intent in skill.sentences:
                self._skills.setdefault(intent, skill)

    def destination(self, intent: str) -> str | None:
        """Whom an intent is asked of; None: nobody."""
        skill = self._skills.get(intent)
        return None if skill is None else skill.destination

    async def handle(self, intent: RedactedIntent) -> Reply | None:
        """The reply to an intent of a cloud skill; None: it is another's.

        The reply is text to speak. It is no template, opens no placeholder and starts nothing.
        """
        skill = self._skills.get(intent.name)
        if skill is None:
            return None
        try:
            release = await self._release(intent, skill.destination)
            if isinstance(release, Refusal):
                log.info("utterance %d stays here: %s", intent.utterance_id, release.rule)
                return Reply(skill.fallback)
            text = await self._ask(release, self._seconds)
        except AssistantError as error:
            log.error("utterance %d: not sent: %s", intent.utterance_id, error)
            text = None
        return Reply(text or skill.fallback)
