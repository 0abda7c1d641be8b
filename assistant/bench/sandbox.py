"""What a skill's process costs: its start, its memory, its time, and other skills' peace."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.skill import Intent
from assistant.types import Words
from plugins.sandbox.confined import Confined
from plugins.sandbox.proxy import no_network
from plugins.sandbox.report import rights
from plugins.sandbox.supervisor import Supervisor

_SKILL = str(Path(__file__).with_name("troublemaker.py"))
_MISDEEDS = ("Hang", "Flood", "Crash", "Lie", "Gorge", "Hoard")
_DEADLINE = 0.5
"""Seconds that the troublemaker has for an intent: it misbehaves all the time."""
_GOOD = 4
"""Skills that behave meanwhile."""
_PAUSE = 0.01
"""Seconds between two intents of one of them."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--skills", type=int, default=50, help="skills that run at a time")
    parser.add_argument("--intents", type=int, default=2000, help="intents to take times of")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each kind of misdeed")


def run(arguments: argparse.Namespace, _settings: Settings) -> dict[str, object]:
    """Measure with skills of our own, on this machine as busy as it is."""
    logging.getLogger("plugins.sandbox").setLevel(logging.CRITICAL)
    figures = asyncio.run(_measure(arguments))
    if not arguments.json:
        for name, value in figures.items():
            print(f"{name:<52}{value}")
    return figures


async def _measure(arguments: argparse.Namespace) -> dict[str, object]:
    figures: dict[str, object] = {}
    async with _skills(1) as supervisor:
        assert supervisor.kernel is not None
        for right in rights(supervisor.kernel):
            figures[f"right: {right.key}"] = right.by
        starts = [await _restart(supervisor) for _ in range(30)]
    figures["start of a skill, ms (p50)"] = _milliseconds(statistics.median(starts))
    figures["start of a skill, ms (p95)"] = _milliseconds(_quantile(starts, 0.95))
    async with _skills(arguments.skills) as supervisor:
        for number in range(arguments.skills):
            await _ask(supervisor, f"skill{number}")
        figures.update(_memory(supervisor, arguments.skills))
        times = [await _ask(supervisor, "skill0") for _ in range(arguments.intents)]
    figures["intent to reply, ms (p50)"] = _milliseconds(statistics.median(times))
    figures["intent to reply, ms (p99)"] = _milliseconds(_quantile(times, 0.99))
    calm = await _others(None, arguments.seconds)
    figures["others, all calm, ms (p99)"] = _milliseconds(calm)
    for misdeed in _MISDEEDS:
        more = await _others(misdeed, arguments.seconds) - calm
        figures[f"others, while one does {misdeed.lower()}, ms (p99, more)"] = _milliseconds(more)
    return figures


@asynccontextmanager
async def _skills(number: int) -> AsyncIterator[Supervisor]:
    """So many skills, loaded."""
    with TemporaryDirectory(prefix="sotto-bench-") as base:
        skills = [
            Confined(f"skill{one}", _SKILL, Path(base) / f"skill{one}", seconds=_DEADLINE)
            for one in range(number)
        ]
        async with Supervisor(skills, no_network, backoff=(0.01,)) as supervisor:
            for skill in skills:
                await _loaded(supervisor, skill.name)
            yield supervisor


async def _loaded(supervisor: Supervisor, name: str) -> None:
    while not supervisor.skill(name).is_up:  # noqa: ASYNC110  # nothing is told when it is
        await asyncio.sleep(0.0005)


async def _restart(supervisor: Supervisor) -> float:
    """Seconds from the order to a skill that is loaded."""
    skill = supervisor.skill("skill0")
    skill.end("was ended by the benchmark")
    skill.strikes = 0
    while skill.process is None:  # noqa: ASYNC110  # its backoff and its fork
        await asyncio.sleep(0.0001)
    await _loaded(supervisor, "skill0")
    return skill.start_seconds


async def _ask(supervisor: Supervisor, name: str) -> float:
    began = perf_counter()
    await supervisor.handle(name, Intent("Echo", {"word": Words("milk")}))
    return perf_counter() - began


def _memory(supervisor: Supervisor, number: int) -> dict[str, object]:
    """PSS of the skills and the zygote, where the kernel lets us read it."""
    processes = [supervisor.skill(f"skill{one}").process for one in range(number)]
    try:
        each = [_proportional(process) for process in processes if process is not None]
        zygote = _proportional(supervisor.zygote) if supervisor.zygote is not None else 0.0
    except PermissionError:
        return {"memory": "only root may read it"}
    return {
        f"memory of a skill of {number}, MB PSS (mean)": round(statistics.mean(each), 2),
        f"memory of a skill of {number}, MB PSS (most)": round(max(each), 2),
        f"memory of {number} skills and the zygote, MB PSS": round(sum(each) + zygote, 1),
    }


def _proportional(process: int) -> float:
    """Megabytes (10^6 bytes) of a process, what it shares divided by those who share it."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


async def _others(misdeed: str | None, seconds: float) -> float:
    """Seconds (p99) that skills need to answer while another one does this again and again."""
    async with _skills(_GOOD + 1) as supervisor:
        until = perf_counter() + seconds
        trouble = asyncio.create_task(_misbehave(supervisor, misdeed))
        times = await asyncio.gather(
            *(_keep_asking(supervisor, f"skill{one}", until) for one in range(1, _GOOD + 1))
        )
        trouble.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await trouble
    return _quantile([one for some in times for one in some], 0.99)


async def _keep_asking(supervisor: Supervisor, name: str, until: float) -> list[float]:
    times = []
    while perf_counter() < until:
        times.append(await _ask(supervisor, name))
        await asyncio.sleep(_PAUSE)
    return times


async def _misbehave(supervisor: Supervisor, misdeed: str | None) -> None:
    if misdeed is None:
        return
    skill = supervisor.skill("skill0")
    while True:
        skill.strikes = 0
        await _loaded(supervisor, "skill0")
        with contextlib.suppress(AssistantError):
            await supervisor.handle("skill0", Intent(misdeed))
        for file in supervisor.directory("skill0").glob("hoard*"):
            file.unlink()


def _quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
