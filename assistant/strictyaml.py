"""YAML without surprises: one clear error with file and line, no aliases, no duplicate keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from assistant.errors import AssistantError

LARGEST = 1 << 20
"""Bytes; a settings, things or sentences file is never larger."""

DEEPEST = 32
"""Levels of nesting."""

Key = tuple[str | int, ...]


class Document:
    """The values of a YAML file, and the line each of them stands on."""

    def __init__(self, path: Path, values: Any, lines: dict[Key, int]) -> None:
        self.path = path
        self.values = values
        self._lines = lines

    def with_values(self, values: Any) -> Document:
        """The same file and lines, with some of its values."""
        return Document(self.path, values, self._lines)

    def line(self, key: Key) -> int:
        """The line of this key, or of the nearest one around it."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)

    def where(self, key: Key) -> str:
        """`file:line: key.subkey` for an error message."""
        dotted = ".".join(str(part) for part in key)
        place = f"{self.path}:{self.line(key)}"
        return f"{place}: {dotted}" if dotted else place


def load(
    path: Path,
    error: type[AssistantError],
    largest: int = LARGEST,
    *,
    unmistakable: bool = False,
) -> Document:
    """Read one YAML document, or raise `error` with the file and the line.

    Here `yes`, `010` and `1:30` are text. `unmistakable` refuses them unless they are in quotes:
    other readers of YAML, and people, take them for a boolean, an octal and a time.
    """
    text = _read(path, error, largest)
    try:
        _check_shape(text, path, error, unmistakable=unmistakable)
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[Key, int] = {}
        values = _value(node, (), lines, path, error) if node is not None else None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = min(mark.line + 1, len(text.splitlines())) if mark is not None else 1
        what = getattr(problem, "problem", None) or "not YAML"
        raise error(f"{path}:{line}: {what}") from None
    return Document(path, values, lines)


def _read(path: Path, error: type[AssistantError], largest: int) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as problem:
        raise error(f"{path}: {problem.strerror or 'cannot be read'}") from None
    if len(data) > largest:
        raise error(f"{path}:1: larger than {largest // 1024} KiB; is this the right file?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error(f"{path}:{line}: byte {problem.start} is not UTF-8") from None


_MISTAKABLE = re.compile(
    r"[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|True|TRUE|False|FALSE"  # booleans
    r"|[-+]?0[0-9_]+|[-+]?0[oOxXbB][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"  # sexagesimals
    r"|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)"
)


def _is_mistakable(event: yaml.ScalarEvent) -> bool:
    unquoted: bool = event.implicit[0]
    return unquoted and _MISTAKABLE.fullmatch(event.value) is not None


def _check_shape(text: str, path: Path, error: type[AssistantError], *, unmistakable: bool) -> None:
    """Refuse aliases, and nesting so deep that the parser's own stack would overflow."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise error(f"{path}:{line}: YAML aliases are not used here; write the value out")
        if unmistakable and isinstance(event, yaml.ScalarEvent) and _is_mistakable(event):
            raise error(
                f"{path}:{line}: expected quotes around a value that can be taken for a boolean, "
                f"an octal or a time"
            )
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        if documents > 1:
            raise error(f"{path}:{line}: more than one document")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise error(f"{path}:{line}: nested more than {DEEPEST} deep")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """SafeLoader in which only true and false are booleans, and 1:30 and 010 stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+$", "-+0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _value(
    node: yaml.Node, key: Key, lines: dict[Key, int], path: Path, error: type[AssistantError]
) -> Any:
    """Build plain values, noting the line of each."""
    line = node.start_mark.line + 1
    lines.setdefault(key, line)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, key, lines, path, error)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*key, index), lines, path, error) for index, item in enumerate(node.value)
        ]
    return _scalar(node, path, error)


def _scalar(node: yaml.Node, path: Path, error: type[AssistantError]) -> Any:
    kind = node.tag.rsplit(":", 1)[-1]
    try:
        return _SCALARS[kind](node.value)
    except (KeyError, ValueError):
        line = node.start_mark.line + 1
        raise error(f"{path}:{line}: a value of an unknown kind ({node.tag})") from None


_SCALARS: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": {"true": True, "false": False}.__getitem__,
    "int": int,
    "float": float,
    "str": str,
}


def _mapping(
    node: yaml.MappingNode,
    key: Key,
    lines: dict[Key, int],
    path: Path,
    error: type[AssistantError],
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name_node, value_node in node.value:
        line = name_node.start_mark.line + 1
        if not isinstance(name_node, yaml.ScalarNode):
            raise error(f"{path}:{line}: a key must be a word")
        name = str(name_node.value)
        if name in values:
            raise error(f"{path}:{line}: {name} stands here twice")
        lines[(*key, name)] = line
        values[name] = _value(value_node, (*key, name), lines, path, error)
    return values
