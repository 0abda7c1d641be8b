"""Tells what a run of digits looks like, and which words near it say that it is no secret."""

from __future__ import annotations

import itertools

from pipeline.detectors.numbers import Run
from pipeline.detectors.pieces import DIGIT
from pipeline.detectors.reading import Reading, word_set

_MEASURES = word_set(
    """
    second seconds minute minutes min mins hour hours hr hrs day days week weeks month months
    year years decade decades century centuries percent per cent percentage degree degrees
    celsius fahrenheit kelvin centigrade dollar dollars buck bucks cents euro euros pound
    pounds quid pence yen yuan rupee rupees peso pesos franc francs usd eur gbp grand k mile
    miles kilometer kilometers kilometre kilometres km meter meters metre metres centimeter
    centimeters centimetre centimetres millimeter millimeters inch inches foot feet ft yard
    yards acre acres square cubic gram grams kilo kilos kilogram kilograms kg milligram
    milligrams mg ounce ounces oz lb lbs ton tons tonne tonnes liter liters litre litres
    milliliter milliliters ml gallon gallons quart quarts pint pints cup cups tablespoon
    tablespoons teaspoon teaspoons tbsp tsp pinch slices slice cans can bottles bottle packs
    pack packets boxes bags pieces servings watt watts kilowatt kilowatts volt volts amp amps
    hertz megahertz kilohertz mhz khz hz fm am pm gigabyte gigabytes megabyte megabytes
    terabyte terabytes gigs bytes bits pixels megapixels dpi calories calorie carbs reps rep
    sets laps steps stairs floors people guests persons kids children students players points
    point goals runs votes seats stars star o'clock oclock noon midnight times time plus minus
    divided multiplied squared cubed factorial modulo mod over mph kph knots rpm bpm beats
    half halves thirds quarters fourths tenths hundredths hundred thousand million billion
    trillion dozen euro's b.c bc ad bce ce episodes chapters pages words songs tracks levels
    lumens eggs apples pizzas tickets billions millions thousands meg megs mil tabs tablets
    pills doses units unit karat carat proof grit gauge caliber horsepower psi bar decibels db
    st nd rd th equals alarm alarms timer timers
    """
)
"""After a number: it counts or measures something."""
_COUNTED = word_set(
    """
    channel volume level chapter page episode season track route highway interstate flight bus
    train platform terminal version model windows iphone galaxy section article verse psalm
    lesson grade step size score mach since circa temperature brightness speed dim thermostat
    color colour rgb times plus minus divided multiplied over square root log power sum
    difference count counting countdown roll bass treble heat cool set warm warmth percent
    between from than under above below exactly roughly approximately almost nearly year radio
    station fm am xbox playstation boeing airbus porsche area blink class problem question
    exercise hymn opus symphony convert factor factors average mean median sqrt multiply
    divide subtract kelvin saturation hue intensity fan degrees population world war apollo
    formula studio league chapters pages channels revolution round act scene psalms genesis
    exodus leviticus matthew luke romans corinthians issue edition tip vitamin sonata concerto
    odds bet scored won beat wins lost
    """
)
"""Just before a number: it counts, measures or names something public."""
_KEYS = word_set("pound star hash")
"""Keys of a keypad that are words for other things too."""
_PRICES = word_set("cost costs price priced paid pay spent worth tip budget bid")
_SCHEDULED = word_set("alarm alarms timer timers")
_GUARDS = word_set("burglar house security intruder fire panel")
"""Before "alarm": it has a code, not a time."""
_TITLES = word_set(
    """
    play album song songs track movie film listen watch playlist shuffle queue stream hear
    sing book novel audiobook band called cover lyrics
    """
)
_MONTHS = word_set(
    """
    january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec
    """
)
_ORDINAL_ENDS = ("first", "second", "third", "th", "1st", "2nd", "3rd")


def is_counted(reading: Reading, run: Run) -> bool:
    """Whether the words around say that the run counts, measures, dates or names something."""
    return _is_measured(reading, run) or _is_introduced(reading, run)


def _is_measured(reading: Reading, run: Run) -> bool:
    gap = reading.gap(run.last)
    if gap[:1] in "%°$€£" and gap:
        return True
    after = run.last + 1
    if after >= len(reading) or gap.strip():
        return False
    word = reading.words[after]
    if word in _KEYS and run.phrases >= 3:
        return False
    if word in _MEASURES:
        return True
    return word in ("a", "p") and after + 1 < len(reading) and reading.words[after + 1] == "m"


def _is_introduced(reading: Reading, run: Run) -> bool:  # noqa: PLR0911  # a case, an answer
    if any(sign in reading.before(run.first)[-2:] for sign in ("$", "€", "£")):
        return True
    words = reading.words[max(0, run.first - 3) : run.first]
    if not words:
        return False
    if words[-1] in _COUNTED:
        return True
    if _GUARDS.isdisjoint(words) and (
        words[-1] in _SCHEDULED or (len(words) > 1 and words[-2] in _SCHEDULED and run.digits <= 6)
    ):
        return words[-1] not in ("code", "pin", "coat")
    if (
        len(words) > 1
        and words[-2] in _COUNTED
        and words[-1] in ("to", "number", "by", "of", "from", "at", "is")
    ):
        return True
    if not _PRICES.isdisjoint(words) and run.phrases == 2 and run.digits <= 4:
        return True
    if _MONTHS.intersection(words) and run.digits <= 6:
        return True
    if words[-1].endswith(_ORDINAL_ENDS) and is_year(run):
        return True
    return is_title(reading, run)


def is_title(reading: Reading, run: Run) -> bool:
    """Whether the run is the name of a song, a film or a book: "play one two three four by ..."."""
    words = reading.words
    before = words[max(0, run.first - 3) : run.first]
    if run.digits <= 7 and (not _TITLES.isdisjoint(before) or before[-2:] == ["put", "on"]):
        return True
    following = words[run.last + 1 : run.last + 2]
    return following == ["by"] and run.digits < 7


def is_year(run: Run) -> bool:
    """Whether the run may be a year: "nineteen eighty nine", "twenty oh five", "2024"."""
    values = [piece.value for piece in run.pieces]
    if len(values) == 1:
        return len(values[0]) == 4 and "1000" <= values[0] <= "2199"
    if len(values) == 3 and values[1] == "0":
        values = [values[0], values[1] + values[2]]
    return (
        len(values) == 2 and all(len(value) == 2 for value in values) and "10" <= values[0] <= "21"
    )


def is_clock(run: Run) -> bool:
    """Whether the run may be a time of day: "seven thirty", "twelve oh five", "10:15"."""
    values = [piece.value for piece in run.pieces]
    if len(values) == 3 and values[1] == "0" and len(values[2]) == 1:
        values = [values[0], values[1] + values[2]]
    if values and values[0] == "0" and len(values) == 3:
        values = [values[1], values[2]]
    if len(values) == 1:
        return len(values[0]) in (3, 4) and values[0].endswith("00") and int(values[0]) <= 2400
    if len(values) == 2 and values[0] == values[1] == "50":
        return True
    return (
        len(values) in (2, 3)
        and all(value.isdecimal() for value in values)
        and (len(values) == 2 or ":" in run.marks)
        and int(values[0][:3]) <= 24
        and all(len(value) == 2 and value <= "59" for value in values[1:])
    )


def is_plain_number(run: Run) -> bool:
    """Whether the run may be a decimal, a date in figures, a score or a fraction."""
    if not run.marks:
        return False
    values = [piece.value for piece in run.pieces]
    if run.marks == "." and (len(values[0]) <= 2 or run.phrases == 2):
        return True
    if "+" in run.marks:
        return True
    if len(values) <= 3 and set(run.marks) <= set("-/.:") and all(len(v) <= 2 for v in values):
        return True
    return is_date(run)


def is_product(run: Run) -> bool:
    """Whether numbers are multiplied or measured: "7 x 13 91", "90 x 30 x 2"."""
    kinds = [piece.value == "x" for piece in run.pieces]
    return (
        sum(kinds) == run.letters
        and not (kinds[0] or kinds[-1])
        and not any(one and other for one, other in itertools.pairwise(kinds))
        and run.phrases <= 2 + 2 * sum(kinds)
    )


def is_frequency(run: Run) -> bool:
    """Whether the run says where a radio station is: "ninety eight point four f m"."""
    return run.letters == 2 and run.digits <= 5 and run.code.lower().endswith(("fm", "am"))


def is_date(run: Run) -> bool:
    """Whether the run is a date in figures: "2024-05-06", "3/4/1999"."""
    values = [piece.value for piece in run.pieces]
    return (
        run.marks in ("--", "//", "..")
        and len(values) == 3
        and max(map(len, values)) == 4
        and all(len(value) in (1, 2, 4) for value in values)
    )


def is_counting(run: Run) -> bool:
    """Whether somebody counts: "one two three four", "five four three two one"."""
    if any(piece.kind != DIGIT for piece in run.pieces) or run.phrases < 3:
        return False
    values = [int(piece.value) for piece in run.pieces if len(piece.value) == 1]
    steps = {second - first for first, second in itertools.pairwise(values)}
    return len(steps) == 1 and steps <= {1, -1}
