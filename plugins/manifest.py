"""Reads the manifest of a skill without running its code.

A skill that somebody else wrote runs in its sandbox only, and what it may do there stands in its
manifest: so the manifest is read from the text of the file, as plain values.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from assistant.errors import ManifestError
from assistant.skill import Intent, Reply, Skill

LARGEST: Final = 1 << 20
"""Bytes of a skill's file."""

_Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]
_Host = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$", max_length=259
    ),
]
_Slot = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*$", max_length=100)]
_FILE = r"^[\w-][\w .-]*\.ya?ml$"
_FIELDS = tuple(field.name for field in dataclasses.fields(Skill) if field.name != "handlers")


class _Manifest(BaseModel):
    """What may stand in `Skill(...)`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
    sentences: (
        dict[_Slot, Annotated[tuple[_Text, ...], Field(min_length=1)]]
        | Annotated[str, StringConstraints(pattern=_FILE)]
    ) = {}
    choices: dict[_Slot, tuple[_Text, ...]] = {}
    opens: dict[_Slot, _Text] = {}
    hosts: Annotated[tuple[_Host, ...], Field(max_length=20)] = ()
    storage: Annotated[int, Field(ge=0, le=1 << 30)] = 0
    timeout: Annotated[float, Field(gt=0, le=30)] = 5.0


def read_manifest(path: Path, attribute: str | None = None) -> Skill:
    """The skill that a Python file makes; its handlers are known by their intents only.

    `attribute` is the variable that holds it; None: the only one there is.
    Raises ManifestError with the file and the line.
    """
    tree = _tree(path)
    values = dict(_constants(tree))
    made = {name: call for name, call in _skills(tree) if attribute in (None, name)}
    if len(made) != 1:
        wanted = f"{attribute} = Skill(...)" if attribute else "one `... = Skill(...)`"
        raise ManifestError(f"{path}: expected {wanted} at its left margin, found {len(made)}")
    (variable, call), *_ = made.items()
    place = f"{path}:{call.lineno}"
    fields = _fields(call, values, place)
    try:
        manifest = _Manifest.model_validate(fields)
    except ValidationError as error:
        raise ManifestError(f"{place}: {_first(error)}") from None
    skill = Skill(**{name: getattr(manifest, name) for name in manifest.model_fields_set})
    for intent, line in _handled(tree, variable, values, path):
        if intent in skill.handlers:
            raise ManifestError(f"{path}:{line}: two handlers for {intent}")
        skill.on(intent)(_elsewhere)
    _check_intents(skill, place)
    return skill


async def _elsewhere(intent: Intent) -> Reply:
    """Stands for a handler that was not loaded here."""
    raise ManifestError(f"the handler of {intent.name} runs in its sandbox only")


def _tree(path: Path) -> ast.Module:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ManifestError(f"{path}: larger than {LARGEST // 1024} KiB")
        return ast.parse(data, str(path))
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror or 'cannot be read'}") from None
    except SyntaxError as error:
        raise ManifestError(f"{path}:{error.lineno or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ManifestError(f"{path}: not a Python file") from None


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """`name = value` at the left margin."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def _constants(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for name, value in _assigned(tree):
        try:
            yield name, ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue


def _skills(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for name, value in _assigned(tree):
        match value:
            case ast.Call(func=ast.Name(id="Skill") | ast.Attribute(attr="Skill")):
                yield name, value


def _fields(call: ast.Call, values: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The arguments of `Skill(...)` by their names."""
    given: list[tuple[str | None, ast.expr]] = list(zip(_FIELDS, call.args, strict=False))
    given += [(keyword.arg, keyword.value) for keyword in call.keywords]
    fields: dict[str, Any] = {}
    for name, value in given:
        if name is None or isinstance(value, ast.Starred):
            raise ManifestError(f"{place}: write every argument out, without * or **")
        try:
            fields[name] = ast.literal_eval(_filled(value, values))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            raise ManifestError(
                f"{place}: {name}: write plain values; a manifest is read without running it"
            ) from None
    return fields


def _filled(value: ast.expr, values: Mapping[str, Any]) -> ast.expr:
    """The value, a name of a plain value in it replaced by that value."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:  # as ast calls it
            if node.id not in values:
                return node
            return ast.parse(repr(values[node.id]), mode="eval").body

    filled: ast.expr = Fill().visit(value)
    return filled


def _handled(
    tree: ast.Module, variable: str, values: Mapping[str, Any], path: Path
) -> Iterator[tuple[str, int]]:
    """The intents of every `variable.on("A", "B")`, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="on"), args=args) if (
                name == variable
            ):
                for argument in args:
                    try:
                        intent = ast.literal_eval(_filled(argument, values))
                    except (ValueError, TypeError):
                        intent = None
                    if not isinstance(intent, str):
                        raise ManifestError(
                            f"{path}:{node.lineno}: name the intents of .on(...) as plain text"
                        )
                    yield intent, node.lineno


def _check_intents(skill: Skill, place: str) -> None:
    if not skill.handlers:
        raise ManifestError(f"{place}: skill {skill.name} has no handler; add @....on(INTENT)")
    if isinstance(skill.sentences, str):
        return
    for intent in skill.sentences:
        if intent not in skill.handlers:
            raise ManifestError(f"{place}: sentences for {intent}, but no handler")


def _first(error: ValidationError) -> str:
    """The first problem, in a few words."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"] if not _is_kind(part))
    match problem["type"]:
        case "extra_forbidden":
            return f"{key}: there is no such argument; there are {', '.join(_FIELDS)}"
        case "missing":
            return f"{key} is missing"
        case "string_pattern_mismatch" if key == "name":
            return "name: small letters, digits, - and _, at most 40"
        case "string_pattern_mismatch" | "dict_type" if key == "sentences":
            return "sentences: expected templates by intent, or the name of a .yaml beside this"
        case "string_pattern_mismatch" if key.startswith("hosts"):
            return f"{key}: expected a host such as api.example.org, or host:port"
    message = problem["msg"]
    return f"{key}: {message[:1].lower()}{message[1:]}"


def _is_kind(part: int | str) -> bool:
    """A branch of a union, which pydantic puts into its locations."""
    return isinstance(part, str) and ("[" in part or part == "str")
