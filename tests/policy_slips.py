"""Policy files with slips of the pen in them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml
from hypothesis import strategies as st

from policies.load import shipped

TRAPS = """\
version: 1
extends: household
replaces: [gating.rules.locks]
consent:
  asked:
    data_subject: household
    personal_data: intent
    purpose: service
    recipient: home
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}
  samples:
    data_subject: ada
    personal_data: audio
    purpose: improvement
    recipient: home
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}
  taken-back:
    data_subject: ben
    personal_data: audio
    purpose: improvement
    recipient: home
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ben}
    withdrawn: {event_time: 2026-02-01, indication_method: written, indicated_by: ben}
  order:
    data_subject: household
    personal_data: intent
    purpose: improvement
    recipient: shop
    given: {event_time: 2026-01-01, indication_method: written, indicated_by: ada}
# Of these, most wait for a consent that a slip must not give.
retention:
  audio:
    improvement: {retention_period: P1D}
    service: {retention_period: P1D}
  transcript:
    improvement: {retention_period: P1D}
    service: {retention_period: P1D}
  intent:
    service: {retention_period: P1D}
    improvement: {retention_period: P1D}
sharing:
  shop:
    purpose: improvement
    retention_period: P1D
    budget: {bits_per_message: 9, bits_per_day: 99, messages_per_day: 9}
    intents:
      Order:
        slots:
          what: {choices: [Milk]}
          who: {placeholders: [PERSON]}
          area: {omit: true}
  other:
    purpose: service
    retention_period: P1D
    budget: {bits_per_message: 9, bits_per_day: 99, messages_per_day: 9}
    intents:
      Order: {}
gating:
  rules:
    locks: {intents: [HassTurnOff], domains: [lock], confirm: pin}
"""
"""Everything waits for something else here, so that a slip that gave more would show."""
ORIGINALS = {
    "traps": TRAPS,
    **{name: shipped(name).read_text() for name in ("household", "family", "lab")},
}
TREES = {name: yaml.load(text, yaml.CBaseLoader) for name, text in ORIGINALS.items()}

VALUES = [
    *"yes no on off Yes NO ~ null true false 010 0o17 1:30 190:20:30 1e9 .inf .nan -1 0".split(),
    *"[] {} '' \"\" all never allow home audio transcript household ada P1D P9999Y 1_000".split(),
    *("*all", "&all x", "!!bool yes", "!!python/object:os.system x", "!!int 7", "<<: *all"),
    *("9" * 400, "9" * 5000, "x" * 5000, "\u202e", "\\x00", "'\\n'", '"\\u0000"', "é", "[[[[[["),
]  # fmt: skip
KEYS = [
    *"recipient purpose personal_data data_subject given withdrawn hours days text intents".split(),
    *"slots words choices omit range placeholders retention_period budget sharing consent".split(),
    *"retention mute quiet_hours replaces extends version confirm rules otherwise '' no".split(),
    *('"a\\u202eb"', '"a\\nb"', '"\\e[2J"', '"\\ud800"', "x" * 900, "withdrwn", "yes"),
]
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
WORDS = sorted(set(re.findall(r"(?<![#\w])[\w-]+", "\n".join(ORIGINALS.values()))))
INSERTS = [
    *("\t", "\tkey: x", "---", "...", "%YAML 1.1", LAUGHS, "? [a]", "- x", "key", "<<: {a: b}"),
    *("version: 1", "mute: [replies]", "\ufeff", "\x85", "{", "}", "'", '"', "|", "key: |"),
]


class _Unquoted(yaml.CSafeDumper):
    """Writes every value out where it stands."""


_Unquoted.ignore_aliases = lambda _self, _data: True  # type: ignore[method-assign]


def plain(tree: Any) -> str:
    """YAML with one value a line, unquoted as it was in the originals."""
    text = yaml.dump(tree, Dumper=_Unquoted, default_flow_style=False, sort_keys=False, width=9999)
    return re.sub(r"(?m)^([^']*)'([^']*)'(:.*)?$", r"\1\2\3", text)


PLAIN = {name: plain(tree) for name, tree in TREES.items()}


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, bytes]:
    """The name of a policy, and its text with a few slips in it."""
    name = draw(st.sampled_from(sorted(ORIGINALS)))
    lines = [line for line in ORIGINALS[name].split("\n") if not line.lstrip().startswith("#")]
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        at = draw(st.integers(0, len(lines) - 1))
        slip = draw(st.sampled_from(sorted(SLIPS)))
        lines[at : at + 1] = SLIPS[slip](draw, lines[at])
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    match draw(st.sampled_from([*[""] * 12, "cut", "byte", "long"])):
        case "cut":
            data = data[: draw(st.integers(0, len(data)))]
        case "byte":
            at = draw(st.integers(0, len(data)))
            data = data[:at] + draw(st.binary(min_size=1, max_size=2)) + data[at:]
        case "long":
            data += b"#" * 66_000
    return name, data


@st.composite
def replanted(draw: st.DrawFn) -> tuple[str, bytes]:
    """The same, with keys and values taken away, renamed, or put where others stood."""
    name = draw(st.sampled_from(sorted(ORIGINALS)))
    tree = copy.deepcopy(TREES[name])
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        places = list(places_in(tree))
        inside, key = draw(st.sampled_from(places))
        other, elsewhere = draw(st.sampled_from(places))
        match draw(
            st.sampled_from(["delete", "rename", "value", "graft", "graft", "leaf", "leaf"])
        ):
            case "delete":
                del inside[key]
            case "rename" if isinstance(inside, dict):
                new = draw(st.sampled_from([*KEYS, *WORDS, str(elsewhere)]))
                inside[new] = inside.pop(key)
            case "graft":
                inside[key] = copy.deepcopy(other[elsewhere])
            case "leaf":
                if isinstance(inside[key], str) and isinstance(other[elsewhere], str):
                    inside[key] = other[elsewhere]
            case _:
                inside[key] = draw(st.sampled_from(WORDS))
    return name, plain(tree).encode()


def every_small_slip(name: str) -> Iterator[bytes]:
    """Each key and value of a policy in turn: gone, misspelt, or a word of another place."""
    words = "home shop other ada household audio transcript intent improvement service".split()
    for index in range(len(list(places_in(TREES[name])))):
        for change in ("delete", "misspell", *words):
            tree = copy.deepcopy(TREES[name])
            inside, key = list(places_in(tree))[index]
            if change == "delete":
                del inside[key]
            elif change == "misspell" and isinstance(inside, dict):
                inside[f"{key[:-1]}x"] = inside.pop(key)
            elif _is_leaf(inside[key]):
                inside[key] = change
            else:
                continue
            yield plain(tree).encode()


def places_in(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every mapping or list with each of its keys."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from places_in(tree[key])


def _is_leaf(value: Any) -> bool:
    return isinstance(value, str)


def _value(draw: st.DrawFn, line: str) -> list[str]:
    return [re.sub(r":( .*)?$", lambda _: f": {draw(st.sampled_from(VALUES))}", line)]


def _inner_value(draw: st.DrawFn, line: str) -> list[str]:
    """Change a value inside `{key: value, ...}`."""
    new = draw(st.sampled_from(VALUES))
    return [re.sub(r": ([^,{}\[\]]+)(?=[,}\]])", lambda _: f": {new}", line, count=1)]


def _key(draw: st.DrawFn, line: str) -> list[str]:
    new = draw(st.sampled_from(KEYS))
    return [re.sub(r"[a-zA-Z_-]+(?=:)", lambda _: new, line, count=1)]


def _word(draw: st.DrawFn, line: str) -> list[str]:
    """Put a word that stands elsewhere in the place of one here."""
    words = re.findall(r"[\w-]+", line)
    if not words:
        return [line]
    old = draw(st.sampled_from(words))
    return [line.replace(old, draw(st.sampled_from(WORDS)), 1)]


def _letter(draw: st.DrawFn, line: str) -> list[str]:
    at = draw(st.integers(0, len(line)))
    return [line[:at] + draw(st.sampled_from(list("aZ0 :{}[],'\"#&*!|>-?\t"))) + line[at + 1 :]]


SLIPS: dict[str, Callable[[st.DrawFn, str], list[str]]] = {
    "delete": lambda _draw, _line: [],
    "double": lambda _draw, line: [line, line],
    "value": _value,
    "inner value": _inner_value,
    "key": _key,
    "letter": _letter,
    "word": _word,
    "another word": _word,
    "deeper": lambda _draw, line: [f"  {line}"],
    "shallower": lambda _draw, line: [line.removeprefix("  ")],
    "tab": lambda _draw, line: [line.replace("  ", "\t", 1)],
    "insert": lambda draw, line: [line, draw(st.sampled_from(INSERTS))],
    "merge": lambda _draw, line: [f"{line} {line.strip()}"],
}
