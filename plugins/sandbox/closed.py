"""Reads a JSON object of a closed schema: every key is asked for once, and none is left over."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
Made = TypeVar("Made")


class WireError(Exception):
    """What came is no message of ours. Its text is fit to print: a rule, never the bytes."""


class Message:
    """An object whose keys are taken one by one."""

    def __init__(self, data: bytes) -> None:
        """Parse UTF-8 JSON. Raises WireError, as all methods do."""
        try:
            fields = json.loads(
                data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant
            )
        except (ValueError, RecursionError):
            raise WireError("no JSON") from None
        if not isinstance(fields, dict):
            raise WireError("no object")
        self._fields = fields

    def whole(self, key: str, most: int) -> int:
        """A whole number from 0 to `most`."""
        value: int = self._take(key, int)
        if not 0 <= value <= most:
            raise WireError(f"{key}: out of range")
        return value

    def number(self, key: str, most: float) -> float:
        """A number from 0 to `most`."""
        value = self._fields.pop(key, None)
        if type(value) not in (int, float) or not 0 <= value <= most:
            raise WireError(f"{key}: no number, or out of range")
        return float(value)

    def text(self, key: str, most: int) -> str:
        """Text without control characters."""
        return _fit(self._take(key, str), key, most)

    def optional(self, key: str, most: int) -> str | None:
        """The same, or null."""
        if self._fields.get(key, "") is None:
            return self._take(key, type(None))  # type: ignore[no-any-return]  # it is None
        return self.text(key, most)

    def matching(self, key: str, pattern: re.Pattern[str]) -> str:
        """Text that is as `pattern` says, all of it."""
        value: str = self._take(key, str)
        if not pattern.fullmatch(value):
            raise WireError(f"{key}: not as it must look")
        return value

    def texts(self, key: str, most: int, letters: int) -> tuple[str, ...]:
        """A list of texts."""
        values = self._take(key, list)
        if len(values) > most:
            raise WireError(f"{key}: more than {most}")
        return tuple(_fit(value, key, letters) for value in values)

    def map(self, key: str) -> Mapping[str, object]:
        """An object, its values as they came."""
        values: dict[str, object] = self._take(key, dict)
        return values

    def data(self, key: str, most: int) -> bytes:
        """Bytes, as base64."""
        try:
            value = base64.b64decode(self._take(key, str), validate=True)
        except (binascii.Error, ValueError):
            raise WireError(f"{key}: no base64") from None
        if len(value) > most:
            raise WireError(f"{key}: more than {most} bytes")
        return value

    def end(self, made: Made) -> Made:
        """What was made of it, if nothing is left."""
        if self._fields:
            raise WireError("a key that is not known")
        return made

    def _take(self, key: str, kind: type) -> Any:  # noqa: ANN401  # of that kind
        value = self._fields.pop(key, None)
        if type(value) is not kind:
            raise WireError(f"{key}: missing, or not of type {kind.__name__}")
        return value


def _fit(text: object, key: str, most: int) -> str:
    if not isinstance(text, str) or len(text) > most:
        raise WireError(f"{key}: not text of at most {most} letters")
    if _CONTROL.search(text):
        raise WireError(f"{key}: has a control character")
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise WireError("a key twice")
    return made


def _no_constant(_name: str) -> float:
    raise WireError("a number that is none")
