"""What a policy file says: consent, retention, sharing, gating, redaction, quiet hours.

Keys are named as ISO/IEC TS 27560 and the W3C Data Privacy Vocabulary name them, where they
have a term (docs/policies.md has the table). An empty policy allows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, Self, TypeAlias

from pydantic import Field, model_validator

from policies.sections import Section, Window
from policies.shared import Destination
from policies.values import (
    Category,
    Domain,
    Duration,
    EntityType,
    Id,
    NamePattern,
    Size,
    Text,
    Types,
    When,
    expected,
)

HOUSEHOLD = "household"
"""The subject of what belongs to everybody at home."""
HOME = "home"
"""The recipient of what is kept on the device and goes nowhere."""
SHIPPED: tuple[Literal["household", "strict", "family", "lab"], ...] = (
    "household",
    "strict",
    "family",
    "lab",
)
Stop: TypeAlias = Literal["replies", "listening", "acts", "keeping", "sharing"]
"""What quiet hours and mute can stop."""
Gated: TypeAlias = Literal["voice", "pin", "button", "never"]
Otherwise: TypeAlias = Literal["allow", "voice", "pin", "button", "never"]
STRICTNESS: Mapping[str, int] = {"allow": 0, "voice": 1, "pin": 2, "button": 3, "never": 4}
"""Of two gating rules for one act the stricter counts."""


class Indication(Section):
    """How and when somebody said so."""

    event_time: When = Field(description="when")
    indication_method: Literal["written", "spoken", "command", "default"] = Field(
        description="default: it ships so, and nobody was asked"
    )
    indicated_by: Id = Field(description="who: a person's id, or household")


class Consent(Window):
    """Leave to keep one category of data for one purpose, or to give it to one recipient."""

    data_subject: Id = Field(description="whose data: a person's id, or household")
    personal_data: Category = Field(description="which data")
    purpose: Id = Field(description="what for")
    recipient: Id = Field(description="who gets it: a destination, or home, where it is kept")
    given: Indication = Field(description="how and when it was given")
    withdrawn: Indication | None = Field(None, description="how and when it was withdrawn")

    @model_validator(mode="after")
    def _stays_at_home(self) -> Self:
        if self.recipient != HOME and self.personal_data not in ("intent", "transcript", "audio"):
            raise expected(f"recipient: home, because {self.personal_data} never leaves the device")
        return self


class Retention(Section):
    """How long one category is kept for one purpose, and how much of it."""

    retention_period: Duration = Field(description="ISO 8601 duration, such as P30D")
    maximum_count: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None, description="rows; the oldest go first"
    )
    maximum_size: Size | None = Field(None, description="such as 200 MB; the oldest go first")


class GatingRule(Window):
    """What is asked before an act. `never` refuses it; silence is no."""

    intents: Annotated[tuple[NamePattern, ...], Field(min_length=1)] = Field(
        description="names; Pay* is every name that begins so"
    )
    domains: tuple[Domain, ...] = Field((), description="of the devices meant; left out: any")
    device_classes: tuple[Domain, ...] = Field(
        (), description="of those; a device without a class is judged by its name"
    )
    confirm: Gated = Field(description="how somebody says yes")


class Gating(Section):
    """Which acts need a yes."""

    otherwise: Otherwise = Field("never", description="for what no rule names")
    rules: dict[Id, GatingRule] = Field({}, description="the strictest that fits counts")


class Redaction(Section):
    """What is private."""

    types: Types = Field("all", description="redacted before anything else sees the text")
    destinations: dict[Id, Types] = Field(
        {}, description="must have been redacted before free speech goes there; left out: all"
    )
    words: dict[EntityType, tuple[Text, ...]] = Field(
        {}, description="words of the household: {PERSON: [ada, uncle bob]}"
    )


class QuietHours(Window):
    """A time at which something is stopped."""

    stops: Annotated[tuple[Stop, ...], Field(min_length=1)]


class SkillRule(Section):
    """What a skill is let in on."""

    opens: Annotated[tuple[EntityType, ...], Field(min_length=1)] = Field(
        description="types of placeholder that it may read, where its manifest asks for them"
    )


class Sandbox(Section):
    """What other people's skills may run without."""

    accepted: tuple[Literal["system-calls", "files"], ...] = Field(
        (), description="fences that the kernel may lack; else skills don't run where it does"
    )


class PolicyFile(Section):
    """A policy file as it is written."""

    version: Literal[1]
    extends: Literal["household", "strict", "family", "lab"] | None = Field(
        None, description="a policy that ships with Sotto, on which this file stands"
    )
    replaces: tuple[Text, ...] = Field(
        (), description="entries of files before it that this file takes the place of, or removes"
    )
    consent: dict[Id, Consent] = Field({}, description="by id; an id is used once")
    retention: dict[Category, dict[Id, Retention]] = Field({}, description="by data and purpose")
    sharing: dict[Id, Destination] = Field({}, description="by destination")
    gating: Gating = Gating()
    redaction: Redaction = Redaction()
    skills: dict[Id, SkillRule] = Field({}, description="by the name of the skill")
    sandbox: Sandbox = Sandbox()
    quiet_hours: dict[Id, QuietHours] = Field({}, description="by name")
    mute: tuple[Stop, ...] = Field((), description="stopped at all times")

    @model_validator(mode="after")
    def _home_is_here(self) -> Self:
        if HOME in self.sharing:
            raise expected("another name than home for a destination")
        return self

    def entries(self) -> Iterator[tuple[tuple[str, ...], object]]:
        """Everything that is merged as a whole, by its key path."""
        yield from _named(("consent",), self.consent)
        for category, by_purpose in self.retention.items():
            yield from _named(("retention", category), by_purpose)
        yield from _named(("sharing",), self.sharing)
        if "otherwise" in self.gating.model_fields_set:
            yield ("gating", "otherwise"), self.gating.otherwise
        yield from _named(("gating", "rules"), self.gating.rules)
        if "types" in self.redaction.model_fields_set:
            yield ("redaction", "types"), self.redaction.types
        yield from _named(("redaction", "destinations"), self.redaction.destinations)
        yield from _named(("redaction", "words"), self.redaction.words)
        yield from _named(("skills",), self.skills)
        if "accepted" in self.sandbox.model_fields_set:
            yield ("sandbox", "accepted"), self.sandbox.accepted
        yield from _named(("quiet_hours",), self.quiet_hours)
        if "mute" in self.model_fields_set:
            yield ("mute",), self.mute


def _named(
    section: tuple[str, ...], entries: Mapping[str, object]
) -> Iterator[tuple[tuple[str, ...], object]]:
    for name, entry in entries.items():
        yield (*section, name), entry


_SOURCE = re.compile(r"(?!.*[0-9]{6})[A-Za-z0-9_-]{1,40}(?:[.:][A-Za-z0-9_-]{1,40}){0,5}")


class Place(NamedTuple):
    """Where an entry stands; the file's name is in the form that rules are named by."""

    file: str
    line: int


class Policy(Section):
    """Every file together. Without a file it allows nothing."""

    consent: dict[str, Consent] = Field({})
    retention: dict[str, dict[str, Retention]] = Field({})
    sharing: dict[str, Destination] = Field({})
    gating: Gating = Gating()
    redaction: Redaction = Redaction()
    skills: dict[str, SkillRule] = Field({})
    sandbox: Sandbox = Sandbox()
    quiet_hours: dict[str, QuietHours] = Field({})
    mute: tuple[Stop, ...] = ()
    places: dict[str, Place] = Field({})
    """By the entry's key path, joined with dots."""
    digest: str = ""
    """SHA-256 of what the files say, for the audit log."""

    def redacts_enough_for(self, destination: str) -> bool:
        """Whether free speech holds nothing that this destination must not see."""
        needed, done = self.redaction.destinations.get(destination, "all"), self.redaction.types
        return done == "all" or (needed != "all" and set(needed) <= set(done))

    def place(self, *entry: str) -> Place | None:
        """Where an entry stands, or the one that this is a part of."""
        paths = (".".join(entry[:length]) for length in range(len(entry), 0, -1))
        return next((self.places[path] for path in paths if path in self.places), None)

    def source(self, *entry: str) -> str:
        """The file and key path of a rule, such as `family.yaml:sharing.weather`.

        It is `default:` where no file says anything, and always fit for the audit log.
        """
        place = self.place(*entry)
        file = place.file if place is not None else "default"
        for length in range(len(entry), 0, -1):
            source = f"{file}:{'.'.join(entry[:length])}"
            if len(source) <= 96 and _SOURCE.fullmatch(source):
                return source
        return file
