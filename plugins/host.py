"""Finds the skill for an intent and runs it, in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError, SentencesError, SkillError, outline
from assistant.skill import Handler, Intent, Reply, Skill
from assistant.strictyaml import Document
from assistant.types import RedactedIntent
from pipeline.sentences import SentenceFile, check_sentences
from plugins.replies import Replies
from plugins.timers import Timers

log = logging.getLogger(__name__)

LONGEST = 5.0
"""Seconds a skill may take for a reply."""


class Host:
    """The skills, by the intents they answer. Of two for one intent, the first counts."""

    def __init__(
        self,
        skills: Iterable[Skill],
        replies: Replies,
        timers: Timers,
        longest: float = LONGEST,
    ) -> None:
        """`longest` is the time a skill has for a reply, in seconds."""
        self._replies = replies
        self._timers = timers
        self._longest = longest
        self._handlers: dict[str, tuple[Skill, Handler]] = {}
        for skill in skills:
            for intent, handler in skill.handlers.items():
                self._handlers.setdefault(intent, (skill, handler))

    async def run(self, announce: Callable[[Reply], None]) -> None:
        """Let timers speak when they end, until cancelled."""
        await self._timers.run(announce)

    def misunderstood(self) -> Reply:
        """What to say where no intent was found."""
        return Reply("Sorry, I didn't understand that.")

    async def handle(self, intent: RedactedIntent) -> Reply:
        """Run the skill. An intent without one is answered from its own reply template.

        Raises SkillError, without the skill's words, where it fails or takes too long.
        """
        wanted = Intent(intent.name, intent.slots, intent.response)
        if intent.name not in self._handlers:
            return Reply(self._replies.own(wanted) or "I understand, but no skill here does that.")
        skill, handler = self._handlers[intent.name]
        place = f"skill {skill.name}, intent {intent.name}"
        try:
            async with asyncio.timeout(self._longest):
                reply = await handler(wanted)
        except TimeoutError:
            raise SkillError(f"{place}: no reply within {self._longest:g} s") from None
        except AssistantError as error:  # of the skill's own making: its text may quote speech
            raise SkillError(f"{place}: it raised {type(error).__name__}") from None
        except Exception as error:
            raise SkillError(f"{place}: {outline(error)}") from None
        if not isinstance(reply, Reply):
            raise SkillError(f"{place}: the handler returned no Reply")
        log.debug("utterance %d: answered by skill %s", intent.utterance_id, skill.name)
        return reply


def skill_sentences(skills: Iterable[Skill]) -> tuple[SentenceFile, ...]:
    """The sentences that skills bring along, checked like a file of sentences.

    Raises SentencesError naming the skill and the sentence.
    """
    return check_sentences(
        [
            Document(Path(f"skill {skill.name}"), _document(skill), {})
            for skill in skills
            if skill.sentences
        ]
    )


def _document(skill: Skill) -> dict[str, Any]:
    for intent in skill.sentences:
        if intent not in skill.handlers:
            raise SentencesError(f"skill {skill.name}: sentences for {intent}, but no handler")
    return {
        "intents": {
            intent: {"data": [{"sentences": list(sentences)}]}
            for intent, sentences in skill.sentences.items()
        },
        "lists": {
            name: {"values": list(values)} if values else {"wildcard": True}
            for name, values in skill.choices.items()
        },
    }
