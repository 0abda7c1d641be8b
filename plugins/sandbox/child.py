"""A skill's process, from its fork to its end: confine, load, answer intents.

What runs before the fences are up is this file and what it imports, never the skill's.
"""

from __future__ import annotations

import importlib
import io
import os
import random
import socket
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import NoReturn

from assistant.errors import SandboxError
from assistant.skill import Intent, Reply, Skill
from assistant.types import Words
from plugins.sandbox import broker_client, landlock, limits, root, seccomp
from plugins.sandbox.kernel import machine
from plugins.sandbox.orders import NOT_CONFINED, Order
from plugins.sandbox.server import Server, line_of
from plugins.sandbox.wire import MOST_BYTES, Broken, DoIntent, Ready, frame

WIRE, _BROKER = 3, 4
"""The descriptors of a skill's process; 0 to 2 lead nowhere."""

_REHEARSAL = f"{__file__.rpartition('/')[0]}/__init__.py"


class Prepared:
    """What the zygote makes once, so that its children need not: every page counts fifty times."""

    def __init__(self) -> None:
        kind = machine()
        if kind is None:
            raise SandboxError("the sandbox has no table of system calls for this machine")
        self.machine = kind
        self.filters = {
            paths: seccomp.Filter(seccomp.program(kind, paths=paths)) for paths in (True, False)
        }
        self.server = Server()
        self._rehearse()
        self.server.listen(WIRE)

    def _rehearse(self) -> None:
        """Live through a skill's life, for what Python caches on the way."""
        skill = Skill("rehearsal")

        @skill.on("Rehearse")
        async def _(intent: Intent) -> Reply:
            return Reply(str(intent["word"]))

        ours, its = socket.socketpair()
        with ours, its:
            self.server.listen(its.fileno())
            self.server.skill = skill
            for number in range(1, 20):
                slots = {"word": Words("word")}
                ours.sendall(frame(DoIntent(number, "Rehearse", slots, "default")))
                self.server.turn()
                ours.recv(MOST_BYTES)
                _import_top("rehearsal", _REHEARSAL)
                if landlock.version():
                    os.close(landlock.prepare(("/usr",), "/"))
        del sys.modules["rehearsal"]


def run(order: Order, handed: list[int], parent: int, prepared: Prepared) -> NoReturn:
    """Be the skill of this order; `handed`: its wire, and its broker where it has one."""
    try:
        limits.keep_only(handed)
        source = _source(order.entry)
        try:
            _confine(order, parent, prepared)
        except OSError:
            os._exit(NOT_CONFINED)
        _live(order, source, prepared.server)
    except BaseException:  # nothing of it may be printed: it may quote the speaker
        os._exit(1)
    os._exit(0)


def _confine(order: Order, parent: int, prepared: Prepared) -> None:
    """Put up every fence of the order, in the one order that works. Raises OSError."""
    fences = order.fences
    if fences.root:
        root.enter(prepared.machine, order.readable, order.own)
    readable = ("/",) if fences.root else order.readable  # nothing else is left there
    ruleset = landlock.prepare(readable, order.own) if fences.landlock else None
    os.chdir(order.own)
    limits.shrink(order.memory, order.largest_file)
    if order.user is not None:
        limits.become(order.user)
    limits.drop_privileges(prepared.machine)
    limits.die_with(parent)
    if fences.brokered:
        broker_client.install(socket.socket(fileno=_BROKER), order)
    if ruleset is not None:
        landlock.enforce(ruleset)
    if fences.filter:
        prepared.filters[not fences.brokered].enforce()


def _live(order: Order, source: bytes | None, server: Server) -> None:
    """Load the skill, say so, and serve until the host hangs up."""
    random.seed()
    try:
        server.skill = _load(order, source)
    except BaseException as error:  # whatever a module does when it is imported
        server.say(Broken(line_of(error)))
        return
    server.say(Ready(tuple(server.skill.handlers)))
    server.serve()


def _source(entry: str) -> bytes | None:
    """A file's text, read while every path is open; None for a module."""
    if not entry.endswith(".py"):
        return None
    with io.FileIO(entry) as file:
        return file.read()


def _load(order: Order, source: bytes | None) -> Skill:
    """Import the skill. Raises whatever its code raises."""
    if source is not None:
        module = ModuleType(f"skill_{order.name}")
        module.__file__ = order.entry
        sys.modules[module.__name__] = module
        exec(compile(source, order.entry, "exec"), module.__dict__)  # noqa: S102  # a skill is code
        found = [value for value in vars(module).values() if isinstance(value, Skill)]
        if len(found) != 1:
            raise TypeError
        return found[0]
    name, _, attribute = order.entry.partition(":")
    if not order.fences.brokered and name.partition(".")[0] not in sys.modules:
        _import_top(name.partition(".")[0], order.origin)
    skill = getattr(importlib.import_module(name), attribute)
    if not isinstance(skill, Skill):
        raise TypeError
    return skill


def _import_top(name: str, origin: str) -> None:
    """Import the package from where the host found it: a search would cost memory and time."""
    folder, _, file = origin.rpartition("/")
    places = [folder] if file == "__init__.py" else None
    loader = SourceFileLoader(name, origin)
    spec = spec_from_file_location(name, origin, loader=loader, submodule_search_locations=places)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
