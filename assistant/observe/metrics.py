"""Metrics in Prometheus' text format: counts and times; labels are from closed sets only.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (0.0.4). A writer of our own,
because importing prometheus_client costs 5 MB and an HTTP server in a process without a network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Final, Literal, TypeAlias, get_args

from assistant.events import Done, Event
from assistant.observe import machine
from assistant.observe.classified import LABELS
from assistant.observe.histogram import Histogram
from assistant.observe.meter import Meter
from assistant.observe.state import ALARMS, MOODS, MUTERS, State

Stage: TypeAlias = Literal["endpoint", "recognize", "redact", "parse", "total"]
STAGES: Final[tuple[Stage, ...]] = get_args(Stage)
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 20.0)
RATES: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
CONTENT = "text/plain; version=0.0.4; charset=utf-8"
_PATIENCE = 5.0
"""Seconds in which a scraper has to ask, and to read."""
Row: TypeAlias = tuple[str, Mapping[str, str], float]


class Metrics:
    """Times by step, from the runtime's events; the rest is read when somebody asks."""

    def __init__(self, state: State, meter: Meter) -> None:
        self.queues: Callable[[], Mapping[str, int]] = dict
        """By queue, how many wait; whoever has queues puts it here."""
        self._state = state
        self._meter = meter
        self._stages = {stage: Histogram(SECONDS) for stage in STAGES}
        self._rate = Histogram(RATES)

    def take(self, event: Event) -> None:
        """Follow one of the runtime's events."""
        if isinstance(event, Done):
            self._rate.add(event.rtf)
            for stage in STAGES:
                if stage in event.seconds:
                    self._stages[stage].add(event.seconds[stage])

    def text(self) -> str:
        """All of it."""
        return "".join(self._lines())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one HTTP request, whatever it asks for, and hang up (RFC 1945)."""
        async with asyncio.timeout(_PATIENCE):
            await reader.readuntil(b"\r\n\r\n")
            body = self.text().encode()
            head = f"HTTP/1.0 200 OK\r\nContent-Type: {CONTENT}\r\nContent-Length: {len(body)}"
            writer.write(f"{head}\r\n\r\n".encode() + body)
            await writer.drain()

    def _lines(self) -> Iterator[str]:
        now, board = self._state.snapshot(), machine.read()
        one: Mapping[str, str] = {}
        yield from _family("info", "gauge", "What runs", [("", {"version": _version()}, 1)])
        yield from _family("uptime_seconds", "gauge", "Since the start", [("", one, now.uptime)])
        moods = [("", {"mood": mood}, float(mood == now.mood)) for mood in MOODS]
        yield from _family("mood", "gauge", "1: what it does now", moods)
        alarms = [("", {"alarm": kind}, float(kind in now.alarms)) for kind in ALARMS]
        yield from _family("alarm", "gauge", "1: this is wrong", alarms)
        muted = [("", {"by": by}, float(by in now.muted_by)) for by in MUTERS]
        yield from _family("muted", "gauge", "1: nobody is heard, by this", muted)
        counts = [("", {"what": what}, float(n)) for what, n in sorted(now.counts.items())]
        yield from _family("events_total", "counter", "How often it happened", counts)
        queues = [("", {"queue": name}, float(n)) for name, n in sorted(self.queues().items())]
        yield from _family("queue_size", "gauge", "How many wait", queues)
        yield from self._histograms()
        for name, kind, what, value in (
            ("cpu_seconds_total", "counter", "Processor time of this process", board.cpu_seconds),
            ("memory_bytes", "gauge", "Memory of this process", board.memory),
            ("threads", "gauge", "Threads of this process", board.threads),
            ("open_descriptors", "gauge", "Open files of this process", board.descriptors),
            ("available_memory_bytes", "gauge", "Memory the system could give", board.available),
        ):
            yield from _family(name, kind, what, [("", one, value)])
        heat = [("", {"zone": str(zone)}, value) for zone, value in board.celsius.items()]
        yield from _family("temperature_celsius", "gauge", "Of the board, by sensor", heat)

    def _histograms(self) -> Iterator[str]:
        stages = [
            row
            for stage, histogram in self._stages.items()
            for row in _buckets(histogram, {"stage": stage})
        ]
        yield from _family("stage_seconds", "histogram", "What each step took", stages)
        rate = _buckets(self._rate, {})
        what = "Seconds the recognizer worked for each second of speech"
        yield from _family("recognizer_rate", "histogram", what, rate)
        scores = _buckets(self._meter.scores, {})
        what = "How much frames sounded like the wake word, of those the gate let through"
        yield from _family("wake_score", "histogram", what, scores)


def _family(name: str, kind: str, what: str, rows: Sequence[Row]) -> Iterator[str]:
    """A metric with its help; raises KeyError for a label that is not classified."""
    if rows:
        yield f"# HELP sotto_{name} {what}\n# TYPE sotto_{name} {kind}\n"
    for ending, labels, value in rows:
        assert all(LABELS[label] for label in labels)
        inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"sotto_{name}{ending}{f'{{{inside}}}' if inside else ''} {value:.12g}\n"


def _buckets(histogram: Histogram, labels: Mapping[str, str]) -> list[Row]:
    buckets, total, count = histogram.read()
    rows: list[Row] = [("_bucket", {**labels, "le": bound}, n) for bound, n in buckets]
    return [*rows, ("_sum", labels, total), ("_count", labels, count)]


def _version() -> str:
    return version("sotto-voice")
