"""What a large house costs: how soon a change of it is in force, and how long a command takes."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, thread_time
from typing import Any

from assistant import memory, state
from assistant.finders import Finders
from assistant.household import Household, Talk
from assistant.private import Private
from assistant.settings import Settings
from assistant.types import Finding, Transcript
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.sentences import built_in
from pipeline.things import Things
from pipeline.worker import Worker
from plugins.home_assistant.gathering import Gathering, Told, remember
from plugins.home_assistant.registries import Registries, Snapshot, snapshot
from plugins.home_assistant.service import messages_of
from plugins.home_assistant.things import things_of
from plugins.home_assistant.wire import Begin, End, Part, packed, read_answer
from plugins.house import Devices
from plugins.simulated import SimulatedHouse
from policies.decide import decide
from policies.model import Policy

_ROOMS = """kitchen bedroom bathroom hall office garage garden attic cellar lounge study pantry
nursery laundry porch library gym workshop balcony terrace""".split()
_NUMBERS = "one two three four five six seven eight nine ten".split()
_SIDES = """front back left right upper lower north south east west main spare guest small large
old new corner middle inner outer""".split()
_KINDS = {
    "lamp": "light",
    "ceiling light": "light",
    "strip": "light",
    "spot": "light",
    "blind": "cover",
    "plug": "switch",
    "heater": "switch",
    "fan": "fan",
    "speaker": "media_player",
    "lock": "lock",
    "thermometer": "sensor",
    "camera": "camera",
}
_SEED = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--entities", type=int, default=10_000, metavar="N")
    parser.add_argument("--commands", type=int, default=2_000, metavar="N")
    parser.add_argument(
        "--grammar", action="store_true", help="also what the grammar recognizer takes to follow"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """Measure."""
    things, reload = asyncio.run(_reload(arguments.entities))
    figures = {"entities": len(things.entities), "reload s": reload}
    figures |= {"parse ms": _parses(things, arguments.commands)}
    if arguments.grammar:
        figures["grammar s"] = _grammar(things, state.directory(arguments.state) / "cache")
    if not arguments.json:
        _print(figures)
    return figures


def told_of(count: int) -> Told:
    """A house of so many entities, as Home Assistant would describe it."""
    areas = [
        {"area_id": f"{room}_{number}", "name": f"{room} {number}", "aliases": []}
        for room, number in itertools.product(_ROOMS, _NUMBERS)
    ]
    every = itertools.product(_KINDS.items(), _SIDES, areas, ("", " two", " three"))
    entries: list[dict[str, Any]] = []
    states: dict[str, Any] = {}
    for index, ((kind, domain), side, area, suffix) in enumerate(itertools.islice(every, 10**6)):
        if len(entries) == count:
            break
        if index * 7919 % 61 > 12:  # a mixture of all kinds, the same every time
            continue
        name = f"{area['name']} {side} {kind}{suffix}"
        entity = f"{domain}.{name.replace(' ', '_')}"
        options = {"conversation": {"should_expose": True}}
        entries.append({"entity_id": entity, "area_id": area["area_id"], "options": options})
        states[entity] = {"s": "off", "a": {"friendly_name": name}}
    aliases = {one["entity_id"]: [f"number {n}"] for n, one in enumerate(entries) if n % 20 == 0}
    found = snapshot(Registries(entries, [], areas, aliases=aliases), states)
    return Told(floors=(), areas=found.areas, entities=found.entities)


async def _reload(count: int) -> tuple[Things, dict[str, float]]:
    """Let a small house become a large one, in the steps of the daemon."""
    files = built_in()
    small, large = told_of(50), told_of(count)
    home = Household(things_of(small), SimulatedHouse(things_of(small)), files)
    parser = IntentParser(files, home.things)
    home.tell(lambda talk: parser.prepare(talk.things, talk.files), _devices)
    Finders(Settings(), Policy, home)
    whole = Snapshot(large.floors, large.areas, large.entities)
    packets = [packed(message) for message in messages_of(whole)]
    memory.settle()
    with Worker("house") as worker, tempfile.TemporaryDirectory() as directory:
        stall = asyncio.create_task(_longest_stall())
        await asyncio.sleep(0.1)
        started, cpu = perf_counter(), process_time()
        gathering = Gathering()
        told = None
        for packet in packets:
            message = read_answer(packet)
            assert isinstance(message, Begin | Part | End)
            told = gathering.take(message) or told
            await asyncio.sleep(0)
        assert told is not None
        received = perf_counter()
        things = await worker.run(things_of, told)
        await worker.run(remember, Path(directory), told)
        await home.become(things, worker)
        done, worked = perf_counter(), process_time()
        stall.cancel()
        longest = (await asyncio.gather(stall, return_exceptions=True))[0]
    assert not isinstance(longest, BaseException)
    return things, {
        "received": round(received - started, 3),
        "in force": round(done - started, 3),
        "of processor time": round(worked - cpu, 3),
        "longest stall of the loop": round(longest, 3),
    }


def _devices(talk: Talk) -> Callable[[], None]:
    Devices(talk.things)
    return lambda: None


async def _longest_stall() -> float:
    """How long the loop did not come round, at worst."""
    longest = 0.0
    try:
        while True:
            before = perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, perf_counter() - before - 0.005)
    except asyncio.CancelledError:
        return longest


def _parses(things: Things, count: int) -> dict[str, float]:
    parser = IntentParser(built_in(), things)
    memory.settle()
    home = Household(things, SimulatedHouse(things))
    took: list[float] = []
    worked: list[float] = []
    judged: list[float] = []
    for number, (text, found) in enumerate(_texts(things, count)):
        redacted, _ = redact(Transcript(number, Private(text), 1.0), found)
        before, cpu = perf_counter(), thread_time()
        intent = parser.parse(redacted)
        took.append(perf_counter() - before)
        worked.append(thread_time() - cpu)
        if intent is not None:
            before = perf_counter()
            decide(intent, home.possible(intent))
            judged.append(perf_counter() - before)
    return {
        "p50": _milliseconds(took, 0.5),
        "p99": _milliseconds(took, 0.99),
        "p99 of processor time": _milliseconds(worked, 0.99),
        "decide p99": _milliseconds(judged, 0.99),
        "understood %": round(100 * len(judged) / len(took), 1),
    }


def _texts(things: Things, count: int) -> list[tuple[str, tuple[Finding, ...]]]:
    """Commands and questions of every kind, and talk that is none."""
    dice = random.Random(_SEED)  # noqa: S311  # the same ones every time
    person = (Finding(3, 6, "PERSON", 1.0),)
    texts: list[tuple[str, tuple[Finding, ...]]] = []
    for _ in range(count):
        one, area = dice.choice(things.entities), dice.choice(things.areas)
        texts.append(
            dice.choice(
                [
                    (f"turn {dice.choice(['on', 'off'])} the {one.name}", ()),
                    (f"turn {dice.choice(['on', 'off'])} the {one.name}", ()),
                    (f"turn {dice.choice(['on', 'off'])} the lights in the {area.name}", ()),
                    (f"is the {one.name} on", ()),
                    (f"what's the temperature in the {area.name}", ()),
                    (f"set the {one.name} to forty percent", ()),
                    ("set a timer for five minutes", ()),
                    ("add milk to my shopping list", ()),
                    ("is ada at home", person),
                    ("well how was your day my dear friend", ()),
                ]
            )
        )
    return texts


def _milliseconds(seconds: Sequence[float], share: float) -> float:
    if share == 0.5:
        return round(median(seconds) * 1000, 1)
    return round(sorted(seconds)[int(len(seconds) * share)] * 1000, 1)


def _grammar(things: Things, cache: Path) -> dict[str, float]:
    from pipeline.engines import sphinx  # noqa: PLC0415  # with --grammar only

    started = perf_counter()
    grammar = sphinx.grammar_of(built_in(), things, ("alexa",), cache)
    compiled = perf_counter()
    sphinx.SphinxRecognizer(grammar)
    loaded = perf_counter()
    return {
        "compiled": round(compiled - started, 1),
        "loaded": round(loaded - compiled, 1),
    }


def _print(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        shown = value if isinstance(value, dict) else {"": value}
        print(
            f"{name:<12}" + "   ".join(f"{key} {number}".strip() for key, number in shown.items())
        )
