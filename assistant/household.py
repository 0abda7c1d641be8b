"""The things of the house, and all that is made of them: they become others together.

What takes long is made ready on a thread; it is put in force between two utterances, so that an
utterance is redacted, understood, judged and acted on by the same house.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

from assistant.types import Choice, RedactedIntent
from pipeline.things import Entity, Things
from pipeline.worker import Worker
from plugins.house import House

log = logging.getLogger(__name__)

Prepare: TypeAlias = Callable[[Things], Callable[[], None]]
"""Makes something ready for other things; what comes back puts it in force."""


def names_of(things: Things) -> list[str]:
    """Everything that a thing of the house is called."""
    lists = things.lists()
    return [value.text for kind in ("name", "area", "floor") for value in lists[kind]]


class Household:
    """Keeps what is made of the things in step with them."""

    def __init__(self, things: Things, house: House) -> None:
        self.house = house
        self.steady = asyncio.Lock()
        """Held while an utterance is dealt with: then nothing becomes another."""
        self.learn: Callable[[Things], None] | None = None
        """Lets the recognizer hear other names from the next utterance on; takes its time."""
        self._prepare: list[Prepare] = []
        self._known = Known(things)

    @property
    def things(self) -> Things:
        """What is in force."""
        return self._known.things

    def possible(self, intent: RedactedIntent) -> Sequence[Entity]:
        """The things that an intent may mean, for whoever decides about it."""
        return self._known.possible(intent)

    def tell(self, *prepare: Prepare) -> None:
        """Have these told of other things."""
        self._prepare += prepare

    async def become(self, things: Things, worker: Worker) -> None:
        """Be another house from the next utterance on."""
        known = await worker.run(Known, things)
        ready = [await worker.run(prepare, things) for prepare in self._prepare]
        async with self.steady:
            for use in ready:
                use()
            self._known = known
        log.info("the house has %d things in %d areas", len(things.entities), len(things.areas))
        if self.learn is not None:
            await worker.run(self.learn, things)


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
