"""What may be talked about, and all that is made of it: it becomes another together.

What takes long is made ready on a thread; it is put in force between two utterances, so that an
utterance is redacted, understood, judged and acted on by the same house and the same sentences.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from assistant.types import Choice, RedactedIntent
from pipeline.sentences import SentenceFile
from pipeline.things import Entity, Things
from pipeline.worker import Worker
from plugins.house import House

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Talk:
    """What may be talked about."""

    things: Things
    files: Sequence[SentenceFile] = ()
    """All sentences: the built-in ones, those of the household and those of skills."""


Prepare: TypeAlias = Callable[[Talk], Callable[[], None]]
"""Makes something ready for another talk; what comes back puts it in force."""


def names_of(things: Things) -> list[str]:
    """Everything that a thing of the house is called."""
    lists = things.lists()
    return [value.text for kind in ("name", "area", "floor") for value in lists[kind]]


class Household:
    """Keeps what is made of things and sentences in step with them."""

    def __init__(self, things: Things, house: House, files: Sequence[SentenceFile] = ()) -> None:
        self.house = house
        self.steady = asyncio.Lock()
        """Held while an utterance is dealt with: then nothing becomes another."""
        self.hears: Prepare | None = None
        """Lets the recognizer hear other names and sentences from the next utterance on. Both
        halves take their time."""
        self._prepare: list[Prepare] = []
        self._changing = asyncio.Lock()
        self._talk = Talk(things, files)
        self._known = Known(things)

    @property
    def things(self) -> Things:
        """Those in force."""
        return self._talk.things

    @property
    def files(self) -> Sequence[SentenceFile]:
        """All sentences in force."""
        return self._talk.files

    def possible(self, intent: RedactedIntent) -> Sequence[Entity]:
        """The things that an intent may mean, for whoever decides about it."""
        return self._known.possible(intent)

    def tell(self, *prepare: Prepare) -> None:
        """Have these told of other things and sentences."""
        self._prepare += prepare

    async def become(self, things: Things, worker: Worker) -> None:
        """Be another house from the next utterance on."""
        async with self._changing:
            await self._use(replace(self._talk, things=things), worker)
            log.info("the house has %d things in %d areas", len(things.entities), len(things.areas))
            if self.hears is not None:
                await worker.run(await worker.run(self.hears, self._talk))

    async def speak(self, files: Sequence[SentenceFile], worker: Worker) -> None:
        """Understand these sentences, and no others, from the next utterance on.

        Raises SentencesError where they can't be used; then all is as it was.
        """
        async with self._changing:
            talk = replace(self._talk, files=files)
            heard = await worker.run(self.hears, talk) if self.hears is not None else None
            await self._use(talk, worker)
            if heard is not None:
                await worker.run(heard)

    async def _use(self, talk: Talk, worker: Worker) -> None:
        known = await worker.run(Known, talk.things)
        ready = [await worker.run(prepare, talk) for prepare in self._prepare]
        async with self.steady:
            for use in ready:
                use()
            self._known = known
            self._talk = talk


class Known:
    """Things by name, area and domain: a large house is judged as quickly as a small one."""

    def __init__(self, things: Things) -> None:
        self.things = things
        self._by_name: dict[str, list[Entity]] = {}
        self._by_domain: dict[str, list[Entity]] = {}
        self._by_area: dict[str | None, list[Entity]] = {}
        for entity in things.entities:
            self._by_name.setdefault(entity.name, []).append(entity)
            self._by_domain.setdefault(entity.domain, []).append(entity)
            self._by_area.setdefault(entity.area, []).append(entity)

    def possible(self, intent: RedactedIntent) -> Sequence[Entity]:
        """No fewer than `policies.gates` takes for meant: by name, else by area, by domain, all."""
        name, area, domain = (intent.slots.get(slot) for slot in ("name", "area", "domain"))
        if isinstance(name, Choice):
            return self._by_name.get(name.value, ())
        if isinstance(area, Choice):
            return self._by_area.get(area.value, ())
        if isinstance(domain, Choice):
            return self._by_domain.get(domain.value, ())
        return self.things.entities
