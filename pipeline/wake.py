"""Hears wake words: a cheap gate always, an accurate model where the gate saw something."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from assistant.types import FRAME_SECONDS, AudioFrame, WakeEvent

BACKLOG_FRAMES = 24
"""Audio kept for the accurate model to catch up on: 1.9 s, about what its classifiers look at."""
OPEN_FRAMES = 12
"""How long the accurate model goes on after the gate last saw something: 0.96 s."""
EVIDENCE_FRAMES = 16
"""How far apart the best scores of the two models may lie: 1.28 s."""
SUREST = 0.996
"""A score counts as no surer than this: quantised models give steps of 1/256."""


class Scorer(Protocol):
    """An engine that scores phrases."""

    def feed(self, pcm: bytes) -> Mapping[str, float]:
        """Take the next 80 ms; give each phrase's best score in them, 0..1."""
        ...

    def restart(self) -> None:
        """Forget all audio, as if there had long been silence."""
        ...


@dataclass(frozen=True, slots=True)
class Phrase:
    """A wake word and what it takes to wake."""

    name: str
    threshold: float
    """Score that wakes."""
    gate: float = 0.0
    """Score of the gate that starts the accurate model."""
    fused: bool = False
    """The score is that of gate and accurate model together, else the accurate model's."""
    refractory: float = 2.0
    """Seconds in which it wakes only once."""


class WakeWatch:
    """One engine, always on."""

    def __init__(self, scorer: Scorer, phrases: Sequence[Phrase]) -> None:
        self.phrases = tuple(phrases)
        self._scorer = scorer
        self._choice = _Choice(phrases)
        self.last_score = 0.0
        """The best of the last frame, for a meter."""

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        """Take the next frame; see `WakeDetector`."""
        self._choice.tick()
        scores = self.score(frame)
        self.last_score = max(scores.values(), default=0.0)
        return self._choice.best(frame, scores)

    def score(self, frame: AudioFrame) -> Mapping[str, float]:
        """Take the next frame as `feed` does, but give every phrase's score (for measuring)."""
        return self._scorer.feed(frame.pcm)

    def reset(self) -> None:
        """Forget what was heard."""
        self._scorer.restart()
        self._choice.reset()


class WakeCascade:
    """A cheap gate in front of an accurate model.

    The gates hear every frame. Where one scores its phrase high enough, the accurate model
    catches up on the last BACKLOG_FRAMES and follows until OPEN_FRAMES after the gate last
    did so. The accurate model's score may peak before or after the gate's, so each counts
    with its best of the last EVIDENCE_FRAMES.

    Two models that were trained apart err on different recordings: a fused phrase wakes on
    the mean of both log odds, as independent witnesses are weighed (a product of experts).
    """

    def __init__(
        self, gates: Sequence[Scorer], accurate: Scorer, phrases: Sequence[Phrase]
    ) -> None:
        self._gates = gates
        self._accurate = accurate
        self.phrases = tuple(phrases)
        self._choice = _Choice(phrases)
        self._recent: deque[bytes] = deque(maxlen=BACKLOG_FRAMES)
        self._open = {phrase.name: 0 for phrase in phrases}
        self._seen = {phrase.name: _Evidence() for phrase in phrases}
        self._unheard = BACKLOG_FRAMES
        """Frames since the accurate model last heard one."""
        self.last_score = 0.0
        """The best of the last frame, for a meter; 0 where all gates were shut."""

    def feed(self, frame: AudioFrame) -> WakeEvent | None:
        """Take the next frame; see `WakeDetector`."""
        self._choice.tick()
        scores = self.score(frame)
        self.last_score = max(scores.values(), default=0.0)
        event = self._choice.best(frame, scores)
        if event is not None:
            self._forget_evidence()
        return event

    def score(self, frame: AudioFrame) -> Mapping[str, float]:
        """Take the next frame as `feed` does, but give the scores (for measuring).

        Phrases whose gate is shut have none.
        """
        self._recent.append(frame.pcm)
        self._ask_gates(frame.pcm)
        self._unheard += 1
        if not any(self._open.values()):
            return {}
        for name, score in self._ask_accurate().items():
            self._seen[name].accurate.append(score)
        return {
            phrase.name: self._seen[phrase.name].weigh(phrase.fused)
            for phrase in self.phrases
            if self._open[phrase.name]
        }

    def reset(self) -> None:
        """Forget what was heard."""
        for gate in self._gates:
            gate.restart()
        self._accurate.restart()
        self._recent.clear()
        self._unheard = BACKLOG_FRAMES
        self._forget_evidence()
        self._choice.reset()

    def _ask_gates(self, pcm: bytes) -> None:
        heard: dict[str, float] = {}
        for gate in self._gates:
            heard.update(gate.feed(pcm))
        for phrase in self.phrases:
            score = heard.get(phrase.name, 0.0)
            self._seen[phrase.name].gate.append(score)
            if score >= phrase.gate and not self._choice.is_deaf(phrase.name):
                self._open[phrase.name] = OPEN_FRAMES
            elif self._open[phrase.name]:
                self._open[phrase.name] -= 1

    def _ask_accurate(self) -> Mapping[str, float]:
        """The accurate model's best scores in the frames it has not heard yet.

        Where it slept longer than the backlog lasts it starts anew.
        """
        if self._unheard > 1:
            for evidence in self._seen.values():
                evidence.accurate.clear()
        if self._unheard > len(self._recent):
            self._accurate.restart()
            self._unheard = len(self._recent)
        best: dict[str, float] = {}
        for pcm in islice(self._recent, len(self._recent) - self._unheard, None):
            for name, score in self._accurate.feed(pcm).items():
                best[name] = max(best.get(name, 0.0), score)
        self._unheard = 0
        return best

    def _forget_evidence(self) -> None:
        self._open = dict.fromkeys(self._open, 0)
        self._seen = {name: _Evidence() for name in self._seen}


def fuse(first: float, second: float) -> float:
    """Two models' scores, 0..1, as one: the mean of their log odds, as a probability."""
    return 1 / (1 + math.exp(-(_log_odds(first) + _log_odds(second)) / 2))


def _log_odds(score: float) -> float:
    limited = min(max(score, 1e-6), SUREST)
    return math.log(limited / (1 - limited))


class _Evidence:
    """What both models made of a phrase lately."""

    __slots__ = ("accurate", "gate")

    def __init__(self) -> None:
        self.gate: deque[float] = deque(maxlen=EVIDENCE_FRAMES)
        self.accurate: deque[float] = deque(maxlen=EVIDENCE_FRAMES)

    def weigh(self, fused: bool) -> float:
        best = max(self.accurate, default=0.0)
        return fuse(max(self.gate), best) if fused else best


class _Choice:
    """Which phrase wakes, each only once in its refractory time."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._phrases = phrases
        self._deaf = {phrase.name: 0 for phrase in phrases}
        """Frames left in which the phrase does not wake again."""

    def tick(self) -> None:
        self._deaf = {name: max(left - 1, 0) for name, left in self._deaf.items()}

    def is_deaf(self, name: str) -> bool:
        return self._deaf[name] > 0

    def best(self, frame: AudioFrame, scores: Mapping[str, float]) -> WakeEvent | None:
        awake = [
            phrase
            for phrase in self._phrases
            if not self._deaf[phrase.name] and scores.get(phrase.name, 0.0) >= phrase.threshold
        ]
        if not awake:
            return None
        winner = max(awake, key=lambda phrase: scores[phrase.name])
        self._deaf[winner.name] = math.ceil(winner.refractory / FRAME_SECONDS)
        return WakeEvent(frame.end, winner.name, scores[winner.name])

    def reset(self) -> None:
        self._deaf = dict.fromkeys(self._deaf, 0)
