"""Puts the things of the house together from the door's packets; remembers them on disk."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import DoorError, StateError
from plugins.home_assistant.wire import (
    MOST_AREAS,
    MOST_ENTITIES,
    Area,
    Begin,
    End,
    Entity,
    Floor,
    Part,
)
from storage.files import read_private, write_private

log = logging.getLogger(__name__)

REMEMBERED = "house.json"
"""The file in the state directory: names and ids of rooms and devices, nothing that was said."""
_LARGEST = 32 << 20


class Told(BaseModel):
    """The things of the house, each checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    floors: Annotated[tuple[Floor, ...], Field(max_length=MOST_AREAS)] = ()
    areas: Annotated[tuple[Area, ...], Field(max_length=MOST_AREAS)] = ()
    entities: Annotated[tuple[Entity, ...], Field(max_length=MOST_ENTITIES)] = ()


class Gathering:
    """The packets between `Begin` and `End`; no more than were announced."""

    def __init__(self) -> None:
        self._announced: Begin | None = None
        self._floors: list[Floor] = []
        self._areas: list[Area] = []
        self._entities: list[Entity] = []

    def take(self, message: Begin | Part | End) -> Told | None:
        """Take the next; all of the things at their end. Raises DoorError where they don't fit."""
        match message:
            case Begin():
                self._announced = message
                self._floors, self._areas, self._entities = [], [], []
                return None
            case Part():
                self._floors += message.floors
                self._areas += message.areas
                self._entities += message.entities
                self._check(at_end=False)
                return None
            case End():
                self._check(at_end=True)
                self._announced = None
                return Told.model_construct(
                    floors=tuple(self._floors),
                    areas=tuple(self._areas),
                    entities=tuple(self._entities),
                )

    def _check(self, *, at_end: bool) -> None:
        begin = self._announced
        if begin is None:
            raise DoorError("things that nobody announced")
        had = (len(self._floors), len(self._areas), len(self._entities))
        announced = (begin.floors, begin.areas, begin.entities)
        more = any(some > most for some, most in zip(had, announced, strict=True))
        if more or (at_end and had != announced):
            raise DoorError("more things than were announced, or fewer")


def remember(state: Path, told: Told) -> None:
    """Write the things down, for a start while Home Assistant is away; 0600."""
    try:
        data = told.model_dump_json(exclude_defaults=True).encode()
        write_private(state / REMEMBERED, data)
    except StateError as error:
        log.warning("home assistant: the house is not remembered: %s", error)


def remembered(state: Path) -> Told | None:
    """What was written down last; None where there is nothing that can be used."""
    try:
        return Told.model_validate_json(read_private(state / REMEMBERED, _LARGEST))
    except FileNotFoundError:
        return None
    except StateError as error:
        log.warning("home assistant: %s", error)
    except (ValidationError, ValueError):
        log.warning("home assistant: %s can't be read: it is left out", state / REMEMBERED)
    return None
