"""Draws curves of leak against damage, as SVG or PNG, with no drawing library."""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError

WIDTH, HEIGHT = 800, 560
LEFT, RIGHT, TOP, BOTTOM = 80, 30, 50, 60
COLOURS = ("#1f3b73", "#b5442c", "#2f7d4f", "#7a4f9a", "#8a6d1f", "#444444")
INK = "#333333"
GRID = "#dddddd"
TICKS = 5
APART = 28
"""Pixels between two points whose thresholds are both written beside them."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through (damage, leak) points in percent, each with its threshold."""

    name: str
    points: tuple[tuple[float, float, float], ...]


class Canvas(Protocol):
    """What a picture is drawn on; x goes right, y goes down, in pixels."""

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str, width: int) -> None:
        """Draw a straight line."""
        ...

    def text(self, x: float, y: float, words: str, colour: str) -> None:
        """Write words; their baseline begins at the point."""
        ...

    def save(self, path: Path) -> None:
        """Write the file."""
        ...


def draw(path: Path, curves: Sequence[Curve]) -> None:
    """Write the picture. Raises AssistantError where the name ends in neither .svg nor .png."""
    kinds: dict[str, type[Svg] | type[Png]] = {".svg": Svg, ".png": Png}
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        raise AssistantError(f"{path}: a picture ends in .svg or .png")
    if not curves:
        raise AssistantError("a picture needs sentences with marked places and some without")
    canvas = kind()
    _draw(canvas, curves)
    canvas.save(path)


def _draw(canvas: Canvas, curves: Sequence[Curve]) -> None:
    right = _ceiling(damage for curve in curves for damage, _, _ in curve.points)
    top = _ceiling(leak for curve in curves for _, leak, _ in curve.points)
    across = (WIDTH - LEFT - RIGHT) / right
    down = (HEIGHT - TOP - BOTTOM) / top
    for tick in range(TICKS + 1):
        x = LEFT + across * right * tick / TICKS
        y = HEIGHT - BOTTOM - down * top * tick / TICKS
        canvas.line(x, TOP, x, HEIGHT - BOTTOM, GRID, 1)
        canvas.line(LEFT, y, WIDTH - RIGHT, y, GRID, 1)
        canvas.text(x - 10, HEIGHT - BOTTOM + 22, f"{right * tick / TICKS:g}", INK)
        canvas.text(LEFT - 45, y + 5, f"{top * tick / TICKS:g}", INK)
    canvas.text(LEFT, TOP - 20, "leak %, by threshold", INK)
    canvas.text(WIDTH - RIGHT - 200, HEIGHT - 12, "commands damaged %", INK)
    for index, curve in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        places = [
            (LEFT + across * damage, HEIGHT - BOTTOM - down * leak, threshold)
            for damage, leak, threshold in curve.points
        ]
        _draw_curve(canvas, places, colour)
        canvas.text(WIDTH - RIGHT - 150, TOP + 20 + 20 * index, curve.name, colour)


def _draw_curve(canvas: Canvas, places: Sequence[tuple[float, float, float]], colour: str) -> None:
    for (x0, y0, _), (x1, y1, _) in itertools.pairwise(places):
        canvas.line(x0, y0, x1, y1, colour, 2)
    written: tuple[float, float] | None = None
    for x, y, threshold in places:
        canvas.line(x - 3, y, x + 3, y, colour, 6)
        if written is None or math.dist(written, (x, y)) >= APART:
            canvas.text(x + 6, y - 6, f"{threshold:g}", colour)
            written = (x, y)


def _ceiling(values: Iterable[float]) -> float:
    """A round number at or above all of them."""
    largest = max(values, default=0.0)
    for step in (1, 2, 5, 10, 20, 50):
        if largest <= step:
            return float(step)
    return 100.0


class Svg:
    """A canvas of text."""

    def __init__(self) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="14">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        ]

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str, width: int) -> None:
        """Draw a straight line."""
        self._parts.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>'
        )

    def text(self, x: float, y: float, words: str, colour: str) -> None:
        """Write words."""
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{escape(words)}</text>')

    def save(self, path: Path) -> None:
        """Write the file."""
        path.write_text("\n".join((*self._parts, "</svg>", "")), encoding="utf-8")


_FONT = (
    "0=75557 1=26227 2=71747 3=71717 4=55711 5=74717 6=74757 7=71111 8=75757 9=75717 "
    "A=25755 B=65656 C=34443 D=65556 E=74647 F=74644 G=34553 H=55755 I=72227 J=11152 "
    "K=55655 L=44447 M=57755 N=65555 O=25552 P=65644 Q=25563 R=65655 S=34216 T=72222 "
    "U=55557 V=55552 W=55775 X=55255 Y=55222 Z=71247 .=00002 ,=00024 -=00700 _=00007 "
    "%=51245 /=11244 ?=71202"
)
"""Letters of three by five dots: a row is an octal digit."""
_GLYPHS = {pair[0]: pair[2:] for pair in _FONT.split()}
_DOT = 2


class Png:
    """A canvas of pixels, written as the PNG specification (W3C, third edition) asks."""

    def __init__(self) -> None:
        self._pixels: NDArray[np.uint8] = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str, width: int) -> None:
        """Draw a straight line."""
        steps = int(max(abs(x1 - x0), abs(y1 - y0))) + 1
        for x, y in zip(np.linspace(x0, x1, steps), np.linspace(y0, y1, steps), strict=True):
            self._fill(round(x - width / 2), round(y - width / 2), width, colour)

    def text(self, x: float, y: float, words: str, colour: str) -> None:
        """Write words, in capitals."""
        for index, letter in enumerate(words.upper()):
            for row, bits in enumerate(_GLYPHS.get(letter, "00000")):
                for column in range(3):
                    if int(bits, 8) >> (2 - column) & 1:
                        left = round(x) + _DOT * (4 * index + column)
                        self._fill(left, round(y) + _DOT * (row - 5), _DOT, colour)

    def save(self, path: Path) -> None:
        """Write the file."""
        rows = np.concatenate(
            [np.zeros((HEIGHT, 1), np.uint8), self._pixels.reshape(HEIGHT, 3 * WIDTH)], axis=1
        )
        head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", head)
            + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
            + _chunk(b"IEND", b"")
        )

    def _fill(self, left: int, top: int, side: int, colour: str) -> None:
        right, bottom = max(0, left + side), max(0, top + side)
        self._pixels[max(0, top) : bottom, max(0, left) : right] = list(bytes.fromhex(colour[1:]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
