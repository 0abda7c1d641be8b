"""The house: its areas, floors and entities, from a YAML file in Home Assistant's fixture shape.

    fixtures:            # may be left out, with its keys one level up
      floors: [{name: First Floor, id: first}]
      areas: [{name: Kitchen, floor: first, aliases: [cook's corner]}]
      entities:
        - {name: Ceiling Light, domain: light, area: Kitchen, light_supports_color: true}

Unknown keys of an entity are its attributes, as Home Assistant's own fixtures write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from assistant import strictyaml
from assistant.errors import ThingsError

DEMO_HOUSE = Path(__file__).parent / "data" / "house.yaml"
"""The house of somebody who has not described theirs yet."""

Scalar: TypeAlias = str | int | float | bool | None
_Thing = TypeVar("_Thing", bound="_Named")
_TEMPLATE_SIGNS = frozenset("()[]{}<>|;:")
_ID = re.compile(r"[^a-z0-9]+")


def _plain(name: str) -> str:
    """A name is what somebody says: plain words, no template."""
    words = " ".join(name.split())
    if not words or not any(letter.isalnum() for letter in words):
        raise PydanticCustomError("name", "a name has at least one letter")
    if not _TEMPLATE_SIGNS.isdisjoint(words):
        raise PydanticCustomError("name", "a name is plain words, without any of ( ) [ ] < > | ; :")
    return words


SpokenName = Annotated[str, Field(max_length=100), AfterValidator(_plain)]


class _Named(BaseModel):
    """What areas, floors and entities share."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: SpokenName
    aliases: Annotated[tuple[SpokenName, ...], Field(strict=False)] = ()
    id: str = ""

    @property
    def spoken(self) -> tuple[str, ...]:
        """The name and its aliases."""
        return (self.name, *self.aliases)


class Floor(_Named):
    """A storey."""


class Area(_Named):
    """A room, or a part of the house or garden."""

    floor: str | None = None
    """The name of its floor."""


class Entity(_Named):
    """A device, or something like one: a scene, a list, a person."""

    domain: Annotated[str, Field(pattern=r"^[a-z][a-z_0-9]*$")]
    area: str | None = None
    """The name of its area."""
    state: Scalar = None
    """What a simulated house starts with."""
    attributes: Mapping[str, Scalar] = MappingProxyType({})

    @model_validator(mode="before")
    @classmethod
    def _gather_attributes(cls, values: object) -> object:
        """Put unknown keys among the attributes, and unfold `state: {in: ..., out: ...}`."""
        if not isinstance(values, dict):
            return values
        known = {key: value for key, value in values.items() if key in cls.model_fields}
        extra = {key: value for key, value in values.items() if key not in cls.model_fields}
        if isinstance(state := known.get("state"), dict) and "in" in state:
            known["state"] = state["in"]
        if "domain" not in known and "." in str(known.get("id", "")):
            known["domain"] = str(known["id"]).split(".")[0]
        given = known.get("attributes") or {}
        known["attributes"] = {**given, **extra} if isinstance(given, dict) else given
        return known

    @property
    def device_class(self) -> str | None:
        """Home Assistant's finer kind: a cover may be a blind, a garage, a gate."""
        value = self.attributes.get("device_class")
        return str(value) if value is not None else None


@dataclass(frozen=True, slots=True)
class SpokenValue:
    """Something that can be said for a slot, what it means, and what is known then."""

    text: str
    value: str
    context: Mapping[str, str]
    """For a name: its domain."""


_ZONES = (
    SpokenValue("home", "home", {}),
    SpokenValue("here", "home", {}),
    SpokenValue("away", "not_home", {}),
    SpokenValue("out", "not_home", {}),
)


class Things(BaseModel):
    """Everything in the house. Frozen; areas and floors are referred to by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Literal["en"] = "en"
    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    entities: tuple[Entity, ...] = ()

    def lists(self) -> dict[str, tuple[SpokenValue, ...]]:
        """The slot lists `name`, `area`, `floor` and `zone`, case as in the file.

        A zone is where a person may be: at home, away, or an entity of domain `zone`.
        """
        zones = [entity for entity in self.entities if entity.domain == "zone"]
        return {
            "name": tuple(
                SpokenValue(text, entity.name, {"domain": entity.domain})
                for entity in self.entities
                for text in entity.spoken
            ),
            "area": tuple(_values(self.areas)),
            "floor": tuple(_values(self.floors)),
            "zone": (*_ZONES, *_values(zones)),
        }

    def area_named(self, name: str) -> Area | None:
        """The area of this name, alias or id, whatever its case."""
        return _find(self.areas, name)


def load_things(path: Path | None) -> Things:
    """Read the house from a file; None: the demo house.

    Raises ThingsError with the file, the line and the key.
    """
    document = strictyaml.load(path or DEMO_HOUSE, ThingsError)
    values, base = _unwrap(document)
    try:
        things = Things.model_validate(values)
    except ValidationError as error:
        raise ThingsError(_explain(document, base, error)) from None
    return _settle(things, document, base)


def _unwrap(document: strictyaml.Document) -> tuple[dict[str, Any], strictyaml.Key]:
    """The keys that count, and where in the file they stand."""
    values = {} if document.values is None else document.values
    if not isinstance(values, dict):
        raise ThingsError(f"{document.where(())}: expected keys such as 'entities:'")
    if "fixtures" not in values:
        return values, ()
    inner = values["fixtures"] or {}
    if not isinstance(inner, dict):
        raise ThingsError(f"{document.where(('fixtures',))}: expected keys such as 'entities:'")
    for key in values:
        if key not in ("fixtures", "language"):
            raise ThingsError(f"{document.where((key,))}: there is no such key beside 'fixtures'")
    language = {"language": values["language"]} if "language" in values else {}
    return {**language, **inner}, ("fixtures",)


def _explain(document: strictyaml.Document, base: strictyaml.Key, error: ValidationError) -> str:
    problem = error.errors()[0]
    key = (*base, *problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{document.where(key)}: there is no such key"
    if problem["type"] == "missing":
        return f"{document.where(key[:-1])}: '{key[-1]}' is missing"
    return f"{document.where(key)}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _settle(things: Things, document: strictyaml.Document, base: strictyaml.Key) -> Things:
    """The same things with references as names and every id filled in."""
    areas = []
    for index, area in enumerate(things.areas):
        floor = _reference(document, (*base, "areas", index, "floor"), area.floor, things.floors)
        areas.append(area.model_copy(update={"floor": floor, "id": area.id or _slug(area.name)}))
    entities = []
    seen: set[tuple[str, str, str]] = set()
    for index, entity in enumerate(things.entities):
        place = (*base, "entities", index)
        room = _reference(document, (*place, "area"), entity.area, things.areas)
        identity = (entity.name.casefold(), entity.domain, room or "")
        if identity in seen:
            raise ThingsError(f"{document.where((*place, 'name'))}: the same entity stands twice")
        seen.add(identity)
        new_id = entity.id or f"{entity.domain}.{_slug(entity.name)}"
        entities.append(entity.model_copy(update={"area": room, "id": new_id}))
    floors = [
        floor.model_copy(update={"id": floor.id or _slug(floor.name)}) for floor in things.floors
    ]
    update = {"floors": tuple(floors), "areas": tuple(areas), "entities": tuple(entities)}
    return things.model_copy(update=update)


def _reference(
    document: strictyaml.Document,
    key: strictyaml.Key,
    name: str | None,
    targets: tuple[Floor, ...] | tuple[Area, ...],
) -> str | None:
    if name is None:
        return None
    target = _find(targets, name)
    if target is None:
        kind = "floors" if key[-1] == "floor" else "areas"
        raise ThingsError(f"{document.where(key)}: '{name}' is not among the {kind}")
    return target.name


def _find(targets: tuple[_Thing, ...], name: str) -> _Thing | None:
    wanted = name.casefold()
    for target in targets:
        if wanted in (target.id.casefold(), *(text.casefold() for text in target.spoken)):
            return target
    return None


def _values(targets: Sequence[_Named]) -> Iterator[SpokenValue]:
    for target in targets:
        for text in target.spoken:
            yield SpokenValue(text, target.name, {})


def _slug(name: str) -> str:
    return _ID.sub("_", name.casefold()).strip("_")
