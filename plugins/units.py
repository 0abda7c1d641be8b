"""Units and what they are worth: exact, as they are defined (1959 yard and pound, US volumes)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

_INCH = Fraction("0.0254")
_POUND = Fraction("0.45359237")
_GALLON = 231 * (_INCH * 10) ** 3
_LITER = Fraction(1)

UNITS: Final[Mapping[str, tuple[str, Fraction, Fraction]]] = {
    "kilometers": ("length", Fraction(1000), Fraction(0)),
    "meters": ("length", Fraction(1), Fraction(0)),
    "centimeters": ("length", Fraction(1, 100), Fraction(0)),
    "millimeters": ("length", Fraction(1, 1000), Fraction(0)),
    "miles": ("length", 63_360 * _INCH, Fraction(0)),
    "yards": ("length", 36 * _INCH, Fraction(0)),
    "feet": ("length", 12 * _INCH, Fraction(0)),
    "inches": ("length", _INCH, Fraction(0)),
    "kilograms": ("weight", Fraction(1), Fraction(0)),
    "grams": ("weight", Fraction(1, 1000), Fraction(0)),
    "pounds": ("weight", _POUND, Fraction(0)),
    "ounces": ("weight", _POUND / 16, Fraction(0)),
    "stones": ("weight", _POUND * 14, Fraction(0)),
    "liters": ("volume", _LITER, Fraction(0)),
    "milliliters": ("volume", _LITER / 1000, Fraction(0)),
    "gallons": ("volume", _GALLON, Fraction(0)),
    "pints": ("volume", _GALLON / 8, Fraction(0)),
    "cups": ("volume", _GALLON / 16, Fraction(0)),
    "tablespoons": ("volume", _GALLON / 256, Fraction(0)),
    "teaspoons": ("volume", _GALLON / 768, Fraction(0)),
    "celsius": ("temperature", Fraction(1), Fraction("273.15")),
    "fahrenheit": ("temperature", Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
    "seconds": ("time", Fraction(1), Fraction(0)),
    "minutes": ("time", Fraction(60), Fraction(0)),
    "hours": ("time", Fraction(3_600), Fraction(0)),
    "days": ("time", Fraction(86_400), Fraction(0)),
    "weeks": ("time", Fraction(604_800), Fraction(0)),
}
"""By unit: what it measures, what one is worth, and what zero is worth."""


def convert(amount: Fraction, start: str, end: str) -> Fraction | None:
    """The amount in another unit, exactly; None: they measure different things."""
    kind, worth, zero = UNITS[start]
    other, other_worth, other_zero = UNITS[end]
    return (amount * worth + zero - other_zero) / other_worth if kind == other else None
