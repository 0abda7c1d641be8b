"""Says what is wrong with a policy file in one line: file, line, key and what was expected."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from assistant.strictyaml import Document, Key
from policies.model import PolicyFile

_KINDS = {
    "string_type": "text; put it in quotes if it looks like a number",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "keys, each with a value",
    "model_type": "keys, each with a value",
    "model_attributes_type": "keys, each with a value",
    "tuple_type": "a list",
    "finite_number": "a number",
}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_-]{0,39}$": "a name of small letters, digits, - and _",
    r"^[A-Z][A-Z0-9_]{0,39}$": "a type such as PERSON or PHONE_NUMBER",
    r"^[a-z][a-z0-9_]{0,39}$": "a domain or class such as lock or garage",
    r"^[A-Za-z][A-Za-z0-9_]{0,63}\*?$": "the name of an intent, perhaps with * at its end",
    r"^[A-Za-z][A-Za-z0-9_]{0,63}$": "a name of letters, digits and _",
}
_LONGEST = 400
"""Letters of a message; what is longer came from the file itself."""


def mistake(document: Document, problem: ErrorDetails) -> str:
    """One line for a problem that pydantic found. It names keys, never values."""
    key = tuple(part for part in problem["loc"] if part != "[key]")
    kind = problem["type"]
    if kind == "missing":
        return f"{document.where(key[:-1])}: expected a key {key[-1]}"
    if kind == "extra_forbidden":
        known = ", ".join(_model_at(key[:-1]).model_fields)
        return f"{document.where(key)}: there is no such key; expected one of {known}"
    return f"{document.where(key)}: expected {what_was_expected(problem)}"


def one_line(message: str) -> str:
    """The message without what could break the line or the terminal it is printed on."""
    shown = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in message
    )
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def what_was_expected(problem: ErrorDetails) -> str:
    """What pydantic wanted instead of the value, which is not quoted."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "expected":
        return str(context["what"])
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "string_too_long":
        return f"at most {context['max_length']} letters"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "words on one line, at most 100 letters")
    if kind == "too_short":
        return "at least one"
    return _KINDS.get(kind) or problem["msg"].removeprefix("Input should be ").lower()


def _model_at(key: Key) -> type[BaseModel]:
    model: type[BaseModel] = PolicyFile
    for part in key:
        field = model.model_fields.get(str(part))
        model = (_model_in(field.annotation) if field is not None else None) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  # a type of any kind
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (model := _model_in(inner)) is not None:
            return model
    return None
