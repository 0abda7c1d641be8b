"""What the parts of a policy file have in common: strictness, and a time and place."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from policies.values import Day, HoursOfDay, Text, When, expected


class Section(BaseModel):
    """A part of a policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Window(Section):
    """When a rule holds, and where; what is left out does not limit it."""

    valid_from: When | None = Field(None, description="first day, or moment")
    valid_until: When | None = Field(None, description="last day, or the moment it ends")
    days: tuple[Day, ...] = Field((), description="days of the week; left out: every day")
    hours: HoursOfDay | None = Field(
        None, description="time of day; past midnight it belongs to the day it began on"
    )
    location: Text | None = Field(None, description="the area in which the device stands")

    @model_validator(mode="after")
    def _holds_at_all(self) -> Self:
        if len(set(self.days)) != len(self.days):
            raise expected("each day once")
        first, last = self.valid_from, self.valid_until
        if first and last and first.isoformat()[:10] > last.isoformat()[:10]:
            raise expected("valid_from before valid_until")
        return self
