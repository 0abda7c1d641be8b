"""Reads the settings file, and writes the example of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticUndefined

from assistant import strictyaml
from assistant.errors import SettingsError
from assistant.settings import Settings

PLACES = ("~/.config/sotto/settings.yaml", "/etc/sotto/settings.yaml")
"""Where a settings file is looked for when none is named; the first that is there counts."""


def find() -> Path | None:
    """The settings file to use when none was named, or None: all defaults."""
    named = os.environ.get("SOTTO_CONFIG")
    if named:
        return Path(named)
    return next((path for place in PLACES if (path := Path(place).expanduser()).is_file()), None)


def load(path: Path | None) -> Settings:
    """Settings from the file; paths in it are relative to it. No file: all defaults.

    Raises SettingsError with the file, the line and the key.
    """
    if path is None:
        return Settings()
    document = strictyaml.load(path, SettingsError)
    values = {} if document.values is None else document.values
    if not isinstance(values, dict):
        raise SettingsError(f"{path}:1: expected keys such as 'wake:', found a bare value or list")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(document, error.errors()[0])) from None
    resolved: Settings = _resolve(settings, path.parent)
    return resolved


def _explain(document: strictyaml.Document, problem: ErrorDetails) -> str:
    """One line for the first problem; pydantic's own text may quote values, so it is not used."""
    key = tuple(part for part in problem["loc"] if not _is_type_name(part))
    place = document.where(key)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{place}: there is no such key; {_siblings(key)}"
    if kind == "literal_error":
        return f"{place}: expected {problem['ctx']['expected']}"
    return f"{place}: {problem['msg'].lower()}"


def _is_type_name(part: int | str) -> bool:
    return part in ("str", "int")


def _siblings(key: strictyaml.Key) -> str:
    model: type[BaseModel] = Settings
    for part in key[:-1]:
        field = model.model_fields.get(str(part))
        inner = _model_of(field.annotation) if field is not None else None
        model = inner or model
    return "the keys here are " + ", ".join(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The section inside an annotation such as `tuple[WakePhrase, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (model := _model_of(inner)) is not None:
            return model
    return None


def _resolve(section: Any, folder: Path) -> Any:
    """The same settings with relative paths made relative to the settings file."""
    if isinstance(section, Path):
        path = section.expanduser()
        return path if path.is_absolute() else folder / path
    if isinstance(section, tuple):
        return tuple(_resolve(item, folder) for item in section)
    if isinstance(section, dict):
        return {name: _resolve(item, folder) for name, item in section.items()}
    if isinstance(section, BaseModel):
        changed = {
            name: _resolve(getattr(section, name), folder) for name in section.model_fields_set
        }
        return section.model_copy(update=changed)
    return section


def example() -> str:
    """A settings file with every key, what it means, and its default."""
    head = "# Every setting and its default. All of them may be left out.\n"
    return head + "\n".join(_lines(Settings(), 0)) + "\n"


def _lines(section: BaseModel, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if field.description:
            yield f"{indent}# {field.description}"
        if isinstance(value, BaseModel):
            yield f"{indent}{name}:"
            yield from _lines(value, depth + 1)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            yield f"{indent}{name}:"
            for item in value:
                yield from _item(item, depth + 1)
        else:
            yield f"{indent}{name}: {_scalar(value)}"
        if depth == 0:
            yield ""


def _item(item: BaseModel, depth: int) -> Iterator[str]:
    first = True
    for line in _lines(item, depth + 1):
        is_key = not line.lstrip().startswith("#")
        yield (
            line
            if not (first and is_key)
            else line.replace("  " * (depth + 1), "  " * depth + "- ", 1)
        )
        first = first and not is_key


def _scalar(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return "null"
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    plain = list(plain) if isinstance(plain, tuple) else plain
    return yaml.safe_dump(plain, default_flow_style=True).removesuffix("...\n").strip()
