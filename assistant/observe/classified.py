"""What may leave the process beside its store: one table of every field, label and key.

A field of a log line, a label of a metric, a key of an event, of a message over MQTT, of a socket:
whatever is not here is not written. `tests/test_classified.py` walks the source for the names that
are used, so a new one has to be put here first, under a kind that it fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from assistant.errors import outline

Kind: TypeAlias = Literal[
    "id", "count", "amount", "choice", "name", "place", "ours", "redacted", "asked", "sealed"
]
"""id: a number that we gave; count: how often; amount: a number with a unit; choice: a word from a
closed set in our code; name: a word of the house or its settings (a device, a skill, a rule);
place: a file, an address, a line of code; ours: made by our code of all these; redacted: what was
said, without what is private in it; asked: what somebody wants to see of the own store; sealed: the
hash of a PIN."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LOGGED: Final = frozenset({"id", "count", "amount", "choice", "name", "place", "ours"})
"""Kinds that a log may have. Metrics have only those below."""
MEASURED: Final = frozenset({"choice", "amount"})
"""Kinds of a metric's labels: no utterance, person or thing has a series of its own."""
NUMBERS: Final = frozenset({"id", "count", "amount"})
LONGEST: Final = 300
"""Letters of one value in a log."""


def _table(**names: str) -> dict[str, Kind]:
    """A kind by name, from names by kind."""
    return {name: kind for kind in KINDS for name in names.get(kind, "").split()}


LOG: Final[Mapping[str, Kind]] = _table(
    id="row user utterance",
    count="areas bytes count entries gap line port things",
    amount="hertz kibibytes seconds",
    choice="code errno level service socket type version what",
    name="consent destination device intent name phrases response rule skill thread words",
    place="address file logger peer",
    ours="alarm cause environment error message problem",
)
"""Of a log line. `words` are of the house's own vocabulary, never of an utterance."""

LABELS: Final[Mapping[str, Kind]] = _table(
    choice="alarm by mood queue stage version what zone", amount="le"
)
"""Of a metric."""

EVENTS: Final[Mapping[str, Kind]] = _table(
    id="id row",
    count="times",
    amount="at confidence end rtf score seconds start",
    choice="category closed_by effect event kind on purpose what type",
    name="destination intent name phrase placeholder rule",
    place="audio",
    ours="reason",
    redacted="entities payload slots text",
)
"""Of what `sotto run --json` and `sotto replay --json` print."""

SOCKETS: Final[Mapping[str, Kind]] = _table(
    count="code counts queues today",
    amount="celsius cpu level mebibytes uptime wake_score",
    choice="action alarms command confirm did do error json mood muted_by state to version",
    name="last_intent",
    asked="text",
    sealed="hash",
)
"""Of the control and the event socket. `text` is what a command prints that was asked for."""

MQTT: Final[Mapping[str, Kind]] = _table(
    id="id",
    count="kept sent utterances",
    amount="memory number",
    choice="alarm alarms confirm event_type muted mood policy problem version",
    name="intent placeholder choice",
    redacted="slots words",
    ours="availability availability_mode command_topic device device_class entity_category "
    "event_types icon identifiers json_attributes_template json_attributes_topic manufacturer "
    "model name object_id optimistic options origin payload_available payload_not_available "
    "payload_off payload_on payload_press qos state_class state_off state_on state_topic "
    "sw_version topic unique_id unit_of_measurement value_template",
)
"""Of messages: the intents that the policy shares, and presence; `ours`: Home Assistant's own keys
of a device's description, which says nothing of anybody."""

WIRE: Final[Mapping[str, Kind]] = _table(
    id="id",
    count="kept sent utterances",
    amount="current_position current_temperature memory number temperature volume_level",
    choice="alarm alarms confirm do kind mood more muted open problem say service what",
    name="aliases area areas choice colors destination device_class dims entities floor floors "
    "intent name option placeholder policy state states unit_of_measurement",
    ours="data detail",
    redacted="payload slots text words",
)
"""Between our processes: the fields of the closed models in every `wire.py`."""


def shown(kind: Kind, value: object) -> Any:  # noqa: ANN401  # a number or a text, for JSON
    """A value as it may be written: of an error its types and lines, of a text one short line."""
    if kind in NUMBERS:
        return value if isinstance(value, int | float) else "?"
    text = outline(value) if isinstance(value, BaseException) else str(value)
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}..."
