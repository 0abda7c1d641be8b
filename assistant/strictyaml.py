"""YAML without surprises: one clear error with file and line, no aliases, no duplicate keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from assistant.errors import AssistantError

LARGEST = 1 << 20
"""Bytes; a settings, things or sentences file is never larger."""

Key = tuple[str | int, ...]


class Document:
    """The values of a YAML file, and the line each of them stands on."""

    def __init__(self, path: Path, values: Any, lines: dict[Key, int]) -> None:
        self.path = path
        self.values = values
        self._lines = lines

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


def load(path: Path, error: type[AssistantError], largest: int = LARGEST) -> Document:
    """Read one YAML document, or raise `error` with the file and the line."""
    text = _read(path, error, largest)
    try:
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[Key, int] = {}
        values = _value(node, (), lines, path, error) if node is not None else None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = getattr(problem, "problem", None) or "not YAML"
        raise error(f"{path}:{line}: {what}") from None
    except RecursionError:
        raise error(f"{path}: nested too deeply") from None
    return Document(path, values, lines)


def _read(path: Path, error: type[AssistantError], largest: int) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as problem:
        raise error(f"{path}: {problem.strerror or 'cannot be read'}") from None
    if len(data) > largest:
        raise error(f"{path}: larger than {largest // 1024} KiB; is this the right file?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise error(f"{path}: byte {problem.start} is not UTF-8") from None


class _Loader(yaml.SafeLoader):
    """SafeLoader in which only true and false are booleans, and 1:30 and 010 stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith(":null")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _resolver(tag: str, pattern: str, first: str) -> None:
    import re  # noqa: PLC0415  # used once, at import

    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolver("bool", r"^(?:true|false)$", "tf")
_resolver("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789")
_resolver("float", r"^[-+]?(?:0|[1-9][0-9]*)\.[0-9]+$", "-+0123456789")


def _value(
    node: yaml.Node, key: Key, lines: dict[Key, int], path: Path, error: type[AssistantError]
) -> Any:
    """Build plain values, noting lines; a shared node is an alias, which is refused."""
    line = node.start_mark.line + 1
    if key in lines and lines[key] != line and not key:
        raise error(f"{path}:{line}: more than one document")
    lines[key] = lines.get(key, line)
    if getattr(node, "seen", False):
        raise error(f"{path}:{line}: YAML aliases are not used here; write the value out")
    node.seen = True  # type: ignore[attr-defined]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, key, lines, path, error)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*key, index), lines, path, error) for index, item in enumerate(node.value)
        ]
    try:
        return _Loader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError):
        raise error(f"{path}:{line}: a value of an unknown kind ({node.tag})") from None


def _mapping(
    node: yaml.MappingNode,
    key: Key,
    lines: dict[Key, int],
    path: Path,
    error: type[AssistantError],
) -> dict[str | int, Any]:
    values: dict[str | int, Any] = {}
    for name_node, value_node in node.value:
        line = name_node.start_mark.line + 1
        if not isinstance(name_node, yaml.ScalarNode):
            raise error(f"{path}:{line}: a key must be a word")
        name = _Loader("").construct_object(name_node)
        if not isinstance(name, str | int) or isinstance(name, bool):
            name = str(name_node.value)
        if name in values:
            raise error(f"{path}:{line}: {name} stands here twice")
        lines[(*key, name)] = line
        values[name] = _value(value_node, (*key, name), lines, path, error)
    return values
