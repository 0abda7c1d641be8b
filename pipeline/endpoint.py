"""Decides when a command is over: from the speaker's level, VAD and what is recognized.

Three kinds of evidence, each weak alone. *Level*: the person who is talking to us is the
loudest voice in the utterance, so a voice well below that level is somebody else, or the
end of a word. *VAD*: a recurrent network tells speech from noise; where it doubts a voice
that stands clear of the background, WebRTC's detector and the level help it on.
*Words*: after a complete command a moment of quiet is enough, after half of one it is not.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from assistant.settings import ListenSettings
from assistant.types import FRAME_BYTES, FRAME_SECONDS, AudioFrame, Partial
from pipeline.ports import SpeechDetector, Verdict

_Sound: TypeAlias = Literal["speaker", "maybe", "other"]
"""the speaker; perhaps the speaker's last syllable, perhaps somebody further off; neither."""

_SPEAKER = 10.0
"""Decibels below the speaker's level within which a voice is the speaker's."""
_MAYBE = 25.0
"""Decibels below the speaker's level within which a voice may still be the speaker's."""
_SINGLE = 4.0
"""Decibels by which a single frame may raise the speaker's level: it may be a knock."""
_CLEAR = 15.0
"""Decibels above the quietest frame at which sound stands clear of the background."""
_QUIETEST = 20.0
"""Decibels below which all is silence; an int16 step is 0."""
_WAKE_WORD = 6.0
"""Decibels by which a command may be quieter than the wake word before it."""
_SURE = 0.75
"""Share of a frame that the coarse detector must take for speech, to be believed."""
_BENEFIT = 0.5
"""Probability that sound gains where it is clear and the coarse detector is sure: enough to
go on listening, not enough to begin, which takes some belief of the fine detector."""
_BUTTON = 4
"""Frames in which the press of a button is heard, where no wake word began the utterance."""
_STARTED = 2.0
"""Frames of certain speech that begin a command; doubtful ones count for less."""
_STARTED_WITH_WORDS = 0.5
"""The same where the words so far are a whole command."""
_WAKE_TAIL = 3
"""Frames after the wake decision in which the end of the wake word may still be heard."""
_MAYBE_RATE = 0.5
"""How fast quiet grows while it may still be the speaker."""
_UNDO_RATE = 2.0
"""How fast quiet shrinks at a single loud syllable, which may be another voice's."""
_WORD = 3
"""Frames in a row that are a word of the speaker's: the wait starts again."""
_PAUSE = 0.24
"""Seconds without the speaker that are a pause. Nothing is closed before: a recognizer that
decodes ahead at a pause has then heard all that was said."""
_STABLE = 0.16
"""Seconds for which a complete command must have stood."""
_LAG = 0.24
"""Seconds by which recognized words lag behind the voice. Words that change later, though
nobody speaks, are a guess."""
_TAIL = 0.4
"""Seconds after the speaker's last full syllable that may be its end."""


class SpeechEndpointer:
    """An Endpointer for one person near the microphone, with noise and others further off."""

    def __init__(
        self,
        settings: ListenSettings,
        coarse: SpeechDetector,
        fine: SpeechDetector | None = None,
    ) -> None:
        """Take the times to wait, a coarse detector of speech and one that knows noise.

        Without the second the coarse one decides alone: well in a quiet room, badly in noise.
        """
        self._settings = settings
        self._coarse = coarse
        self._fine = fine
        self.open(b"")

    @property
    def speech_end(self) -> float | None:
        """Seconds from the start of the source at which the speaker was last heard."""
        return self._speech_end

    def open(self, pre_roll: bytes) -> None:
        """Begin an utterance; learn from `pre_roll` how loud the speaker and the room are."""
        self._coarse.reset()
        if self._fine is not None:
            self._fine.reset()
        self._level = _Level()
        self._speech_end: float | None = None
        self._words: Partial | None = None
        self._whole: Partial | None = None
        self._settled: Partial | None = None
        self._frames = 0
        self._started = 0.0
        self._voiced = 0.0
        self._speaking = 0
        self._quiet = 0.0
        self._since_speaker = 0.0
        self._stable = 0.0
        self._paused = False
        self._by_wake_word = bool(pre_roll)
        for start in range(0, len(pre_roll), FRAME_BYTES):
            self._hear(pre_roll[start : start + FRAME_BYTES])
        self._level.begin_command(_WAKE_WORD)

    def feed(self, frame: AudioFrame, partial: Partial | None) -> Verdict:
        """Take the next frame, with what the recognizer makes of the utterance by now."""
        self._frames += 1
        probability = self._hear(frame.pcm)
        self._note(partial)
        if self._speech_end is None:
            self._wait_for_start(frame, probability)
        else:
            self._follow(frame, probability)
        return self._verdict()

    def forget(self) -> None:
        """Drop the words, and the sound that the detectors keep."""
        self._words = self._whole = self._settled = None
        self._coarse.reset()
        if self._fine is not None:
            self._fine.reset()

    def _hear(self, pcm: bytes) -> float:
        """How surely the frame is speech, 0..1; and follow the levels."""
        decibels, louder = self._level.measure(pcm)
        probability = self._coarse.feed(louder)
        if self._fine is not None:
            clear = decibels > self._level.floor + _CLEAR and probability >= _SURE
            probability = min(1.0, self._fine.feed(louder) + (_BENEFIT if clear else 0.0))
        if probability >= 0.5 and (self._by_wake_word or self._frames > _BUTTON):
            self._level.heard_voice()
        return probability

    def _note(self, partial: Partial | None) -> None:
        if partial is not None and partial.settled and partial is not self._words:
            self._settled = self._words = partial
            self._whole = partial if partial.complete else None
        if self._settled is not None:
            return
        same = partial is self._words or partial == self._words
        self._stable = self._stable + FRAME_SECONDS if same else 0.0
        self._words = partial
        if partial is not None and partial.complete and _reached(self._stable, _STABLE):
            self._whole = partial
        elif partial != self._whole and self._since_speaker < _LAG:
            self._whole = None

    def _wait_for_start(self, frame: AudioFrame, probability: float) -> None:
        if self._by_wake_word and self._frames <= _WAKE_TAIL:
            return
        certainty = 2 * probability - 1
        self._started = max(0.0, self._started + certainty)
        self._voiced += max(0.0, certainty)
        if self._started == 0.0:
            self._level.forget_voice()
        with_words = self._whole is not None and self._voiced >= _STARTED_WITH_WORDS
        if self._started >= _STARTED or with_words:
            self._speech_end = frame.end

    def _follow(self, frame: AudioFrame, probability: float) -> None:
        sound = self._level.classify(probability)
        if sound == "speaker":
            self._speaking += 1
            undone = self._quiet - _UNDO_RATE * FRAME_SECONDS
            self._quiet = max(0.0, undone) if self._speaking < _WORD else 0.0
            self._since_speaker = 0.0
            self._paused = False
            self._settled = None
        else:
            self._speaking = 0
            rate = _MAYBE_RATE if sound == "maybe" else 1.0
            self._quiet += rate * FRAME_SECONDS
            self._since_speaker += FRAME_SECONDS
        if sound == "speaker" or (sound == "maybe" and self._since_speaker < _TAIL):
            self._speech_end = frame.end

    def _verdict(self) -> Verdict:
        lasted = self._frames * FRAME_SECONDS
        settings = self._settings
        if self._speech_end is None:
            limit = settings.no_speech if self._by_wake_word else settings.longest
            return "no_speech" if _reached(lasted, limit) else "open"
        if self._paused and _reached(self._quiet, self._patience()):
            return "silence" if self._whole is None else "complete"
        if _reached(lasted, settings.longest):
            return "limit"
        if not self._paused and _reached(self._since_speaker, _PAUSE):
            self._paused = True
            return "pause"
        return "open"

    def _patience(self) -> float:
        """Seconds of quiet to wait after what has been said so far.

        What was a whole command when the speaker fell silent stays one, and what was not
        may be waited for, whatever else a recognizer reads into the silence.
        """
        settings, words = self._settings, self._words
        if self._whole is not None:
            more = self._whole.extendable
            return (settings.complete + settings.silence) / 2 if more else settings.complete
        if self._settled is not None:
            return settings.unfinished if self._settled.extendable else settings.silence
        if words is None or words.complete or not words.extendable:
            return settings.silence
        stands = _reached(self._stable, self._quiet - _LAG)
        return settings.unfinished if stands else settings.silence


class _Level:
    """How loud the frame, the speaker and the background are, in decibels of an int16 step."""

    def __init__(self) -> None:
        self.floor = math.inf
        self._now = -math.inf
        self._loudest = -math.inf
        self._second = -math.inf
        self._expected = -math.inf
        self._offset = 0.0
        self._frames = 0
        self._peak = 0.0

    def measure(self, pcm: bytes) -> tuple[float, bytes]:
        """Return the frame's level, and the frame as loud as detectors of speech expect it."""
        samples = np.frombuffer(pcm, np.int16).astype(np.float32)
        self._frames += 1
        self._offset += (float(samples.mean()) - self._offset) / self._frames
        samples -= self._offset
        power = float(samples @ samples) / len(samples)
        self._now = 10 * math.log10(power + 1.0)
        self.floor = min(self.floor, max(self._now, _QUIETEST))
        return self._now, self._amplify(samples)

    def heard_voice(self) -> None:
        """The frame measured last is speech."""
        if self._now > self._loudest:
            self._loudest, self._second = self._now, self._loudest
        else:
            self._second = max(self._second, self._now)

    def forget_voice(self) -> None:
        """What was taken for speech was none."""
        self._loudest = self._second = -math.inf

    def begin_command(self, quieter: float) -> None:
        """What was heard so far was the wake word; the command may be so much quieter."""
        self._expected = self._speaker() - quieter
        self.forget_voice()

    def classify(self, probability: float) -> _Sound:
        """Tell whose sound the frame measured last is."""
        below = max(self._speaker(), self._expected) - self._now
        if probability < 0.5 or below >= _MAYBE:
            return "other"
        return "speaker" if below < _SPEAKER else "maybe"

    def _speaker(self) -> float:
        return min(self._loudest, self._second + _SINGLE)

    def _amplify(self, samples: NDArray[np.float32]) -> bytes:
        self._peak = max(self._peak, float(np.abs(samples).max()))
        gain = min(100.0, max(1.0, 8000.0 / max(self._peak, 1.0)))
        louder: bytes = np.clip(samples * gain, -32768, 32767).astype("<i2").tobytes()
        return louder


def _reached(value: float, limit: float) -> bool:
    """Whether a sum of frames has come to a limit, however the sum was rounded."""
    return value > limit - FRAME_SECONDS / 100
