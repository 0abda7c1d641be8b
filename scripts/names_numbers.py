"""Numbers, times and dates, as they are said or written."""

from __future__ import annotations

import random
import string

ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = """ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen""".split()
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def number(value: int) -> str:
    """A number below a million in words."""
    if value < 10:
        return ONES[value]
    if value < 20:
        return _TEENS[value - 10]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens - 2] + (f" {ONES[ones]}" if ones else "")
    if value < 1000:
        hundreds, rest = divmod(value, 100)
        return f"{ONES[hundreds]} hundred" + (f" {number(rest)}" if rest else "")
    thousands, rest = divmod(value, 1000)
    return f"{number(thousands)} thousand" + (f" {number(rest)}" if rest else "")


class Numbers:
    """Fills slots of numbers.

    `digits` is set by the generator: numbers are written as digits.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.digits = False
        self.lists: dict[str, list[str]] = {}

    def _pick(self, *names: str) -> str:
        return self.rng.choice(self.lists[self.rng.choice(names)])

    def _num_of(self, value: int) -> str:
        if self.digits:
            return str(value)
        if 1900 <= value < 2030 and value % 100 > 9:
            return f"{number(value // 100)} {number(value % 100)}"
        return number(value)

    def _digits(self, count: int) -> str:
        figures = [self.rng.randrange(10) for _ in range(count)]
        if self.digits:
            return "".join(map(str, figures))
        if self.rng.random() < 0.2 and count % 2 == 0:
            return " ".join(number(self.rng.randrange(10, 100)) for _ in range(count // 2))
        zero = self.rng.choice(("oh", "zero", "o"))
        return " ".join(ONES[figure] if figure else zero for figure in figures)

    def _hidden_phone(self) -> str:
        text = self._digits(self.rng.choice((10, 10, 11, 7, 7)))
        return f"{text[:3]}-{text[3:6]}-{text[6:]}" if self.digits and len(text) > 7 else text

    def _hidden_card(self) -> str:
        return self._digits(16)

    def _hidden_code(self) -> str:
        letters = self.rng.choices(string.ascii_lowercase, k=self.rng.choice((0, 1, 2)))
        if self.digits:
            return "".join(letters).upper() + self._digits(self.rng.choice((6, 8, 9)))
        return " ".join((*letters, self._digits(self.rng.choice((6, 8, 9)))))

    def _num(self) -> str:
        return self._num_of(
            self.rng.choice(
                (self.rng.randrange(1, 13), self.rng.randrange(1, 100), self.rng.randrange(1, 1000))
            )
        )

    def _frequency(self) -> str:
        """Where a radio station is: "ninety eight point five", "one oh five"."""
        whole, tenth = self.rng.randrange(87, 108), self.rng.randrange(1, 10)
        if self.digits:
            return f"{whole}" + self.rng.choice(("", f".{tenth}"))
        said = f"one oh {number(whole - 100)}" if whole > 100 else number(whole)
        said = self.rng.choice((said, said, number(self.rng.randrange(1, 9))))
        return said + self.rng.choice(("", f" point {number(tenth)}"))

    def _letter(self) -> str:
        return self.rng.choice(string.ascii_lowercase)

    def _year(self) -> str:
        return self._num_of(self.rng.randrange(1900, 2027))

    def _time(self) -> str:
        hour, minute = self.rng.randrange(1, 13), self.rng.choice((0, 0, 15, 30, 45, 20, 5))
        if self.digits:
            return (
                f"{hour}:{minute:02d}" + self.rng.choice(("", " pm", " a.m.", " am"))
                if minute
                else f"{hour} {self.rng.choice(('pm', 'am', 'p.m.'))}"
            )
        spoken = number(hour) + (
            f" {number(minute) if minute > 9 else 'oh ' + number(minute)}" if minute else ""
        )
        return spoken + self.rng.choice(
            (
                " p m",
                " a m",
                " pm",
                " o'clock" if not minute else "",
                "",
                " in the morning",
                " tonight",
            )
        )

    def _day(self) -> str:
        return self.rng.choice(
            (
                *self.lists["weekday"],
                *self.lists["weekday"],
                "the weekend",
                "christmas eve",
                "friday night",
                "sunday morning",
                "monday afternoon",
            )
        )

    def _month(self) -> str:
        return self.rng.choice(self.lists["month"])

    def _date(self) -> str:
        day = self.rng.choice(self.lists["ordinal"]).replace("-", " ")
        month = self.rng.choice(self.lists["month"])
        return self.rng.choice(
            (
                f"{month} {day}",
                f"the {day} of {month}",
                f"{month} {self._num_of(self.rng.randrange(1, 31))}",
                f"the {day}",
                f"{self._day()} the {day}",
            )
        )
