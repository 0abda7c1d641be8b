"""Reads policy files: strict, merged by one rule, and watched for edits.

The rule: files are read in order (a file that `extends` a shipped one stands after it, a
directory's files are read by name), and an entry stands in one file only. A file that means to
take the place of an entry before it, or to remove it, names it under `replaces`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant import strictyaml
from assistant.errors import PolicyError
from policies.mistakes import mistake, one_line
from policies.model import SHIPPED, Place, Policy, PolicyFile

log = logging.getLogger(__name__)

LARGEST = 64 * 1024
"""Bytes of a policy file."""
MOST_FILES = 64
DEFAULT = "household"
"""The shipped policy where the settings name no file."""
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class _Read:
    """A file that has been read."""

    document: strictyaml.Document
    file: PolicyFile

    @property
    def name(self) -> str:
        """The file's name as rules are named by it: short, of letters and digits."""
        stem = re.sub(r"[^A-Za-z0-9_-]", "-", self.document.path.stem)[:24]
        ending = ".yml" if self.document.path.suffix == ".yml" else ".yaml"
        return re.sub(r"([0-9]{5})[0-9]+", r"\1", stem) + ending


def shipped(name: str = DEFAULT) -> Path:
    """Where a policy that ships with Sotto lies."""
    return _FOLDER / f"{name}.yaml"


def load(paths: Sequence[Path] = ()) -> Policy:
    """One policy of files and directories of files; without any, the shipped household.yaml.

    Raises PolicyError with file, line, key and what was expected.
    """
    try:
        return _merge(_read_all(list(_files(paths or (shipped(),)))))
    except PolicyError as error:
        raise PolicyError(one_line(str(error))) from None


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """Every file that is meant, in the order they are read."""
    for path in paths:
        try:
            if not path.is_dir():
                yield path
                continue
            inside = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        except OSError as error:
            raise PolicyError(f"{path}: {error.strerror}") from None
        if not inside:
            raise PolicyError(f"{path}: expected a .yaml file in this directory, found none")
        yield from inside


def _read_all(paths: Sequence[Path]) -> list[_Read]:
    """Read the files, each after the shipped one that it extends; none twice."""
    if len(paths) > MOST_FILES:
        raise PolicyError(f"{paths[0].parent}: expected at most {MOST_FILES} policy files")
    read: dict[Path, _Read] = {}
    for path in paths:
        one = _read_one(path)
        bases: list[_Read] = []
        lowest = one
        while lowest.file.extends is not None and len(bases) < len(SHIPPED):
            lowest = _read_one(shipped(lowest.file.extends))
            bases.append(lowest)
        for each in (*reversed(bases), one):
            read.setdefault(each.document.path.resolve(), each)
    return list(read.values())


def _read_one(path: Path) -> _Read:
    if path.exists() and not path.is_file():
        raise PolicyError(f"{path}: expected a file")
    document = strictyaml.load(path, PolicyError, LARGEST, unmistakable=True)
    if not isinstance(document.values, dict):
        raise PolicyError(f"{path}:1: expected keys such as 'version: 1', found none")
    try:
        # As JSON, so that lists become tuples and yet no text becomes a number or a boolean.
        file = PolicyFile.model_validate_json(json.dumps(document.values))
    except ValidationError as error:
        raise PolicyError(mistake(document, error.errors()[0])) from None
    return _Read(document, file)


def _merge(files: Sequence[_Read]) -> Policy:
    entries: dict[tuple[str, ...], object] = {}
    places: dict[tuple[str, ...], Place] = {}
    paths: dict[tuple[str, ...], Path] = {}
    for read in files:
        for index, name in enumerate(read.file.replaces):
            key = tuple(name.split("."))
            if entries.pop(key, None) is None:
                place = read.document.where(("replaces", index))
                raise PolicyError(f"{place}: expected an entry of a file before this one")
            places.pop(key)
        for key, value in read.file.entries():
            if key in entries:
                raise PolicyError(
                    f"{read.document.where(key)}: stands in {paths[key]}:{places[key].line} too; "
                    f"expected once, or under `replaces:` here"
                )
            entries[key] = value
            places[key] = Place(read.name, read.document.line(key))
            paths[key] = read.document.path
    named = {".".join(key): place for key, place in places.items()}
    return Policy(**_tree(entries), places=named, digest=_digest(files))


def _tree(entries: Mapping[tuple[str, ...], object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in entries.items():
        inner = tree
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value
    return tree


def _digest(files: Sequence[_Read]) -> str:
    said = [read.file.model_dump(mode="json", by_alias=True) for read in files]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


class Policies:
    """The policy in force, and an alarm where the files do not give one.

    Bad files at the start: nothing is allowed. A bad edit later: the old policy stays.
    """

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        """Read the files; look at `alarm` afterwards."""
        self._paths = tuple(paths) or (shipped(),)
        self._seen: object = None
        self.policy = Policy()
        """What decisions are made by; replaced as a whole."""
        self.alarm: str | None = None
        """Why the files are not in force: one line for people and for the audit log."""
        self.reload()

    def reload(self) -> bool:
        """Read the files again; whether they are in force now. Never raises for a bad file."""
        self._seen = self._look()
        try:
            policy = load(self._paths)
        except PolicyError as error:
            kept = "the policy before stays" if self.policy.digest else "nothing is allowed"
            self.alarm = f"{error}; {kept}"
            log.error("policy: %s", self.alarm)
            return False
        self.policy, self.alarm = policy, None
        log.info("policy: %d entries in force", len(policy.places))
        return True

    def use(self, paths: Sequence[Path]) -> bool:
        """Go over to other files; where they can't be used, those before stay in force."""
        before, self._paths = self._paths, tuple(paths) or (shipped(),)
        try:
            policy = load(self._paths)
        except PolicyError as error:
            self._paths = before
            log.error("policy: %s; the policy before stays", error)
            return False
        self._seen = self._look()
        self.policy, self.alarm = policy, None
        log.info("policy: %d entries in force", len(policy.places))
        return True

    def changed(self) -> bool:
        """Whether a file was edited, added or removed since it was read: a few calls of stat."""
        return self._look() != self._seen

    def _look(self) -> object:
        looks: list[tuple[object, ...]] = []
        for path in self._paths:
            looks.append(_look_at(path))
            try:
                inside = sorted(path.iterdir()) if path.is_dir() else []
            except OSError:
                inside = []
            looks += [_look_at(file) for file in inside]
        return looks


def _look_at(path: Path) -> tuple[object, ...]:
    try:
        status = path.stat()
    except OSError as error:
        return str(path), error.errno
    return str(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
