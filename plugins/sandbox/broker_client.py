"""Files by request: for a kernel that can't fence them, so a skill may name none itself.

`open`, `os.listdir`, `os.stat` and a few more ask the host instead, and imports do too. A file
comes back as a descriptor. Only the skill's directory and what it may read is handed out.
"""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from plugins.sandbox.orders import MOST_BYTES, Order

Named: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def install(broker: socket.socket, order: Order) -> None:
    """From now on files are opened, listed and imported through the broker."""
    client = _Client(broker, Path(order.own))
    real_open = io.open

    def opener(path: str, flags: int) -> int:
        return client.open(path, flags)

    def opened(file: Named | int, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # as open
        if not isinstance(file, int):
            named.setdefault("opener", opener)
        return real_open(file, *arguments, **named)

    replaced: dict[str, Callable[..., Any]] = {
        "open": lambda path, flags, mode=0o777, **_: client.open(path, flags),
        "listdir": lambda path=".": client.ask("list", path)["names"],
        "stat": lambda path, **_: client.stat(path),
        "lstat": lambda path, **_: client.stat(path),
        "mkdir": lambda path, mode=0o777, **_: client.do("mkdir", path),
        "rmdir": lambda path, **_: client.do("rmdir", path),
        "unlink": lambda path, **_: client.do("unlink", path),
        "remove": lambda path, **_: client.do("unlink", path),
        "rename": lambda path, to, **_: client.do("rename", path, to),
        "replace": lambda path, to, **_: client.do("rename", path, to),
    }
    for name, function in replaced.items():
        setattr(os, name, function)
    builtins.open = io.open = opened
    origin = Path(order.origin)
    package = origin.parent if origin.name == "__init__.py" else origin
    places = [*(Path(place) for place in sys.path), package.parent]
    sys.meta_path.append(_Finder(client, places))


class _Client:
    """The skill's end of the broker's socket."""

    def __init__(self, broker: socket.socket, own: Path) -> None:
        self._broker = broker
        self._own = own

    def ask(self, verb: str, path: Named, to: Named = "", flags: int = 0) -> dict[str, Any]:
        """Ask, and give the answer. Raises OSError as the call would."""
        wanted = {"verb": verb, "path": self._full(path), "to": self._full(to), "flags": flags}
        self._broker.sendall(json.dumps(wanted).encode())
        data, handed, _, _ = socket.recv_fds(self._broker, MOST_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        answer: dict[str, Any] = json.loads(data)
        if answer["error"]:
            raise OSError(answer["error"], os.strerror(answer["error"]), wanted["path"])
        return {**answer, "handed": handed}

    def open(self, path: Named, flags: int) -> int:
        """A descriptor of the file."""
        descriptor: int = self.ask("open", path, flags=flags)["handed"][0]
        return descriptor

    def stat(self, path: Named | int) -> os.stat_result:
        """What os.stat gives of it."""
        if isinstance(path, int):
            raise PermissionError
        return os.stat_result(self.ask("stat", path)["stat"])

    def do(self, verb: str, path: Named, to: Named = "") -> None:
        """Ask for something that has no answer."""
        self.ask(verb, path, to)

    def _full(self, path: Named) -> str:
        return os.path.normpath(self._own / os.fsdecode(path))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules of Python source through the broker."""

    def __init__(self, client: _Client, places: Sequence[Path]) -> None:
        self._client = client
        self._places = places
        self._found: dict[str, bytes] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Where the module is; None: nowhere."""
        last = name.rpartition(".")[2]
        for place in self._places if path is None else [Path(part) for part in path]:
            for file, is_package in (
                (place / last / "__init__.py", True),
                (place / f"{last}.py", False),
            ):
                source = self._read(file)
                if source is None:
                    continue
                self._found[name] = source
                spec = importlib.util.spec_from_loader(
                    name, self, origin=str(file), is_package=is_package
                )
                if spec is not None and is_package:
                    spec.submodule_search_locations = [str(file.parent)]
                return spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        spec = module.__spec__
        assert spec is not None
        module.__file__ = spec.origin
        code = compile(self._found.pop(module.__name__), spec.origin or "", "exec")
        exec(code, module.__dict__)  # noqa: S102  # it is what importing means

    def _read(self, file: Path) -> bytes | None:
        try:
            descriptor = self._client.open(file, os.O_RDONLY)
        except OSError:
            return None
        with io.FileIO(descriptor) as opened:
            return opened.readall()
