"""A day of sound through the daemon's pipeline as fast as it goes: does anything grow?

    python -m scripts.soak [--hours 24] [--seed 1]

Silence, noise, talk and commands: what ships with Sotto, and the recordings below the folder that
SOTTO_TEST_DATA names. Memory, threads and descriptors are noted every half hour of sound. Fails
where memory rises by more than 1 MB an hour after the first quarter, where threads or descriptors
grow, and where a wake word or an utterance came to nothing without a word about it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from assistant import build, memory
from assistant.bench.processes import Footprint, footprint, slope
from assistant.events import Closed, Done, Event, Failed, Woken
from assistant.faults.stage import POLICY, RECORDINGS
from assistant.settings import HomeSettings, PolicySettings, Settings, VoiceSettings
from assistant.types import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE, AudioFrame
from pipeline.sources.file import read_samples

COMMANDS = ("1_alexa_light_on", "2_alexa_timer", "3_alexa_time", "4_alexa_call", "5_alexa_unlock")
NOTE_EVERY = 0.5
"""Hours of sound between two looks."""
MOST = 1.0
"""Mebibytes an hour that memory may rise."""
HISS = 40.0
"""Loudness of the room, in 16-bit steps (RMS)."""
LONGEST = 60.0
"""Seconds of a recording of talk or noise that are used."""


Told: TypeAlias = Callable[[float, Footprint], None]


@dataclass
class Report:
    """What was measured."""

    hours: float = 0.0
    commands: int = 0
    """Said after a wake word."""
    events: Counter[str] = field(default_factory=Counter)
    looks: list[tuple[float, Footprint]] = field(default_factory=list)
    """Hours of sound, and what the process took then."""

    @property
    def settled(self) -> list[tuple[float, Footprint]]:
        """The looks after the first quarter."""
        return self.looks[len(self.looks) // 4 :]

    @property
    def rise(self) -> float:
        """MiB an hour."""
        return slope([(hours, look.proportional) for hours, look in self.settled])

    def problems(self) -> list[str]:
        """What is not as it should be."""
        found = []
        if self.rise > MOST:
            found.append(f"memory rises by {self.rise:.2f} MiB an hour")
        first, last = self.settled[0][1], self.settled[-1][1]
        if last.threads > first.threads:
            found.append(f"{last.threads - first.threads} threads more")
        if last.descriptors > first.descriptors:
            found.append(f"{last.descriptors - first.descriptors} descriptors more")
        if self.events["Closed"] != self.events["Done"] + self.events["Failed"]:
            found.append("an utterance came to nothing, and nobody was told")
        if self.events["Failed"]:
            found.append(f"{self.events['Failed']} utterances failed")
        if self.events["Woken"] < 0.95 * self.commands:
            found.append(f"{self.commands - self.events['Woken']} wake words were not heard")
        return found


class Day:
    """A source: so many hours of a house."""

    def __init__(self, hours: float, seed: int, report: Report, told: Told) -> None:
        self._told = told
        self._frames = round(hours * 3600 / FRAME_SECONDS)
        self._dice = random.Random(seed)
        self._report = report
        self._noise = np.random.default_rng(seed)
        self._sounds = _found()
        self._closed = False

    def frames(self) -> Iterator[AudioFrame]:
        """Give them one after the other, and look at the process now and then."""
        every = round(NOTE_EVERY * 3600 / FRAME_SECONDS)
        index = 0
        for pcm in self._pieces():
            for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
                if self._closed or index >= self._frames:
                    return
                yield AudioFrame(index, pcm[start : start + FRAME_BYTES])
                index += 1
                if index % every == 0 or index == self._frames:
                    self._look(index)

    def close(self) -> None:
        """End soon."""
        self._closed = True

    def _look(self, index: int) -> None:
        memory.trim()
        self._report.hours = index * FRAME_SECONDS / 3600
        look = footprint()
        self._report.looks.append((self._report.hours, look))
        self._told(self._report.hours, look)

    def _pieces(self) -> Iterator[bytes]:
        while True:
            yield bytes(2 * SAMPLE_RATE * self._dice.randint(5, 60))
            yield self._hiss(self._dice.randint(5, 60))
            yield read_samples(self._dice.choice(self._sounds), LONGEST).tobytes()
            self._report.commands += 1
            name = self._dice.choice(COMMANDS)
            yield read_samples(RECORDINGS / f"{name}.flac", LONGEST).tobytes()
            yield self._hiss(6)  # nobody confirms what is asked back

    def _hiss(self, seconds: int) -> bytes:
        return self._noise.normal(0, HISS, seconds * SAMPLE_RATE).astype("<i2").tobytes()


def _found() -> list[Path]:
    """Talk and noise without a wake word."""
    found = [RECORDINGS / "6_chat_traffic.flac"]
    named = os.environ.get("SOTTO_TEST_DATA")
    if named:
        folder = Path(named) / "audio"
        found += [path for path in sorted(folder.rglob("*.flac")) if "wake" not in path.parts]
    return found


async def soak(
    hours: float, seed: int, folder: Path, told: Told = lambda _hours, _look: None
) -> Report:
    """Have a house's sounds heard, understood and kept; `told` is told of every look."""
    (folder / "policy.yaml").write_text(POLICY)
    settings = Settings(
        voice=VoiceSettings(engine="none"),
        policies=PolicySettings(files=(folder / "policy.yaml",)),
        home=HomeSettings(sentences=(RECORDINGS / "sentences.yaml",)),
    )
    report = Report()

    def hear(event: Event) -> None:
        if isinstance(event, Woken | Closed | Done | Failed):
            report.events[type(event).__name__] += 1

    with build.agreement(settings, folder, always=True) as under:
        assistant = build.assistant(settings, state=folder, report=hear, wake=True, under=under)
        watching = asyncio.create_task(under.agreed.watch())
        try:
            async with assistant:
                await assistant.replay(Day(hours, seed, report, told), "a day")
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
    return report


def _tell(hours: float, look: Footprint) -> None:
    print(
        f"{hours:>6.1f}{look.proportional:>10.1f}{look.resident:>10.1f}"
        f"{look.threads:>9}{look.descriptors:>13}",
        flush=True,
    )


def main() -> int:
    """Read the arguments, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0, help="of sound (default: 24)")
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    memory.few_heaps()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sotto-soak-") as name:
        print(f"{'hours':>6}{'PSS MiB':>10}{'RSS MiB':>10}{'threads':>9}{'descriptors':>13}")
        report = asyncio.run(soak(parsed.hours, parsed.seed, Path(name), _tell))
    counts = ", ".join(f"{number} {name}" for name, number in sorted(report.events.items()))
    print(
        f"\n{report.hours:.1f} h of sound in {(time.monotonic() - began) / 3600:.2f} h; "
        f"{report.commands} commands said; {counts}; memory rises by {report.rise:.2f} MiB an hour"
    )
    problems = report.problems()
    for problem in problems:
        print(f"soak: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
