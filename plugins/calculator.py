"""Sums and units, worked out exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isqrt
from typing import Final

from assistant.skill import Intent, Reply, Skill
from plugins.units import UNITS, convert
from plugins.wording import number

_SUMS: Final[Mapping[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "times": lambda a, b: a * b,
    "divided": lambda a, b: a / b,
    "percent": lambda a, b: a * b / 100,
    "squared": lambda a, _: a * a,
}
_FINE: Final = 10**8
"""What a root is worked out to: one part of this."""


def calculator_skill() -> Skill:
    """The skill."""
    skill = Skill("calculator")

    @skill.on("Calculate")
    async def calculate(intent: Intent) -> Reply:
        a, b = figure(intent, "a"), figure(intent, "b")
        operation = intent.text("operation") or ""
        if operation == "root":
            return Reply(f"{number(root(a))}.")
        if operation == "divided" and b == 0:
            return Reply("Nothing can be divided by zero.")
        if operation not in _SUMS:
            return Reply("I can't work that out.")
        return Reply(f"{number(_SUMS[operation](a, b))}.")

    @skill.on("ConvertUnits")
    async def units(intent: Intent) -> Reply:
        amount = figure(intent, "a") if "a" in intent else Fraction(1)
        start, end = intent.text("from") or "", intent.text("to") or ""
        if start not in UNITS or end not in UNITS:
            return Reply("I don't know that unit.")
        result = convert(amount, start, end)
        if result is None:
            return Reply(f"{_named(start).capitalize()} can't be turned into {_named(end)}.")
        return Reply(f"{number(result)} {_named(end, one=result == 1)}.")

    return skill


def figure(intent: Intent, slot: str) -> Fraction:
    """A number of a sum, which may be said in parts: two hundred and | five | point five."""
    hundreds = _part(intent, f"{slot}_hundreds")
    return 100 * hundreds + _part(intent, slot) + _part(intent, f"{slot}_tenths") / 10


def root(value: Fraction) -> Fraction:
    """The square root: exact where there is one, else to eight places."""
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return Fraction(top, bottom)
    return Fraction(isqrt(value.numerator * _FINE * _FINE // value.denominator), _FINE)


def _part(intent: Intent, slot: str) -> Fraction:
    said = intent.number(slot)
    return Fraction(0) if said is None else Fraction(str(said))


def _named(unit: str, *, one: bool = False) -> str:
    if unit in ("celsius", "fahrenheit"):
        return f"degrees {unit.capitalize()}"
    return {"feet": "foot", "inches": "inch"}.get(unit, unit.removesuffix("s")) if one else unit
