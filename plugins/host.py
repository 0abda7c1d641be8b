"""Finds the skill for an intent and runs it: in this process, or where `Outside` runs it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from assistant.errors import AssistantError, SkillError, outline
from assistant.skill import Ask, Handler, Intent, Reply, Skill
from assistant.types import RedactedIntent
from pipeline.sentences import SentenceFile, merge
from plugins.described import skill_sentences
from plugins.replies import Replies

__all__ = ["Host", "Outside", "Speaks", "skill_sentences"]

log = logging.getLogger(__name__)


class Speaks(Protocol):
    """Something that may speak on its own: a timer that ends, an alarm."""

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Speak when it is time, until cancelled."""
        ...


class Outside(Protocol):
    """Skills whose code runs in processes of their own: `plugins.sandbox.supervisor.Supervisor`."""

    async def handle(
        self,
        name: str,
        intent: Intent,
        opened: Mapping[str, str] | None = None,
        ask: Ask | None = None,
    ) -> Reply:
        """The reply of the skill of this name; raise SkillError or BusyError."""
        ...


class Host:
    """The skills, by the intents they answer. Of two for one intent, the first counts."""

    def __init__(
        self,
        skills: Iterable[Skill],
        replies: Replies,
        speaking: Sequence[Speaks] = (),
        outside: Outside | None = None,
        answers: Mapping[str, str] | None = None,
        hush: Callable[[], bool] = lambda: False,
    ) -> None:
        """`answers`: by intent, the name of the skill outside that answers it.

        Those of `skills` come first. `hush` ends what rings, and says whether anything did.
        """
        self.hush = hush
        self._replies = replies
        self._speaking = speaking
        self._outside = outside
        self._answers = answers or {}
        self._handlers: dict[str, tuple[Skill, Handler]] = {}
        for skill in skills:
            for intent, handler in skill.handlers.items():
                self._handlers.setdefault(intent, (skill, handler))

    @property
    def taken(self) -> dict[str, str]:
        """By intent, the name of the skill in this process that answers it."""
        return {intent: skill.name for intent, (skill, _) in self._handlers.items()}

    def prepare(self, files: Sequence[SentenceFile]) -> Callable[[], None]:
        """Make ready to reply as other sentences have it; what comes back does."""
        responses = merge(files)["responses"]["intents"]
        return lambda: self._replies.use(responses)

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Let skills speak on their own, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for speaking in self._speaking:
                tasks.create_task(speaking.run(announce))

    def misunderstood(self) -> Reply:
        """What to say where no intent was found."""
        return Reply("Sorry, I didn't understand that.")

    def answerer(self, intent: str) -> str | None:
        """The name of the skill that answers this intent, whose manifest says what it may see."""
        if intent in self._handlers:
            return self._handlers[intent][0].name
        return self._answers.get(intent)

    async def handle(
        self,
        intent: RedactedIntent,
        ask: Ask | None = None,
        opened: Mapping[str, str] | None = None,
    ) -> Reply:
        """Run the skill. An intent without one is answered from its own reply template.

        `ask` puts a question to the person. `opened`: by placeholder, what the policy opens to
        the skill that answers (`answerer`).
        Raises SkillError, without the skill's words, where it fails or takes too long.
        """
        wanted = Intent(intent.name, intent.slots, intent.response, opened or {})
        name = self.answerer(intent.name)
        if name is None:
            return Reply(self._replies.own(wanted) or "I understand, but no skill here does that.")
        if intent.name in self._handlers:
            reply = await self._here(wanted, ask)
        elif self._outside is None:
            raise SkillError(f"skill {name} is installed, but skills don't run here")
        else:
            reply = await self._ask_outside(name, wanted, ask)
        log.debug("utterance %d: answered by skill %s", intent.utterance_id, name)
        return reply

    async def _ask_outside(self, name: str, wanted: Intent, ask: Ask | None) -> Reply:
        assert self._outside is not None
        try:
            return await self._outside.handle(name, wanted, wanted.originals, ask)
        except SkillError as error:
            if not wanted.originals:
                raise
            # It had read something private: even a file's name in its error could be that.
            log.debug("skill %s: %s", name, type(error).__name__)
            raise SkillError(f"skill {name}: it failed at {wanted.name}") from None

    async def _here(self, wanted: Intent, ask: Ask | None) -> Reply:
        skill, handler = self._handlers[wanted.name]
        place = f"skill {skill.name}, intent {wanted.name}"
        try:
            async with asyncio.timeout(skill.timeout) as limit:
                asking = _while_nothing_counts(ask, limit) if ask is not None else None
                reply = await handler(
                    Intent(wanted.name, wanted.slots, wanted.response, wanted.originals, asking)
                )
        except TimeoutError:
            raise SkillError(f"{place}: no reply within {skill.timeout:g} s") from None
        except AssistantError as error:  # of the skill's own making: its text may quote speech
            raise SkillError(f"{place}: it raised {type(error).__name__}") from None
        except (Exception, SystemExit) as error:
            raise SkillError(f"{place}: {outline(error)}") from None
        if not isinstance(reply, Reply):
            raise SkillError(f"{place}: the handler returned no Reply")
        return reply


def _while_nothing_counts(ask: Ask, limit: asyncio.Timeout) -> Ask:
    """The same question; the skill's time stands still while the person thinks."""

    async def asking(text: str, expect: tuple[str, ...], seconds: float) -> str | None:
        loop = asyncio.get_running_loop()
        ends = limit.when()
        limit.reschedule(None)
        began = loop.time()
        try:
            return await ask(text, expect, seconds)
        finally:
            if ends is not None:
                limit.reschedule(ends + loop.time() - began)

    return asking
