"""Where code is that a skill may read: Python's own, what is installed with it, and the skill's."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

import assistant
from assistant.errors import SandboxError

_TIME_ZONES = "/usr/share/zoneinfo"


def of_python() -> tuple[Path, ...]:
    """The interpreter's library, installed packages, shared libraries and time zones."""
    paths = sysconfig.get_paths()
    libraries = sysconfig.get_config_var("MULTIARCH") or "lib64"
    places = [
        *(paths[kind] for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
        *(f"{sys.base_prefix}/lib", f"/lib/{libraries}", f"/usr/lib/{libraries}", _TIME_ZONES),
        *assistant.__path__,
    ]
    return tuple(dict.fromkeys(Path(place) for place in places))


def outermost(places: Iterable[Path]) -> tuple[Path, ...]:
    """Those that are there, without those that another one of them holds."""
    there = sorted({place for place in places if os.path.exists(place)})  # noqa: PTH110
    return tuple(one for one in there if not any(parent in there for parent in one.parents))


def of_skill(entry: str) -> Path:
    """The file of the package that `module:attribute` stands in, or the Python file that it is.

    Nothing of it is run to find out. Raises SandboxError if there is no such thing.
    """
    if entry.endswith(".py"):
        origin = entry if os.access(entry, os.R_OK) else None
    else:
        spec = _found(entry.partition(":")[0].partition(".")[0])
        origin = spec.origin if spec is not None else None
    if origin is None or not origin.endswith(".py"):
        raise SandboxError(f"skill {entry}: there is no such file or package")
    return Path(origin)


def _found(package: str) -> ModuleSpec | None:
    """As the import system finds it, editable installs too."""
    for finder in (PathFinder, *sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec: ModuleSpec | None = find(package, None) if find is not None else None
        if spec is not None:
            return spec
    return None
