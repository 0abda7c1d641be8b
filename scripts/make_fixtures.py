"""Makes the recordings that ship with Sotto: espeak-ng and flite speak, the same every time.

    python scripts/make_fixtures.py

tests/audio gets one 16 kHz mono FLAC for each line below and `manifest.json`;
assistant/recordings gets those of the demo, numbered. It needs the commands `espeak-ng` and
`flite` (apt install espeak-ng flite).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
AUDIO, DEMO = ROOT / "tests" / "audio", ROOT / "assistant" / "recordings"
RATE = 16_000
PEAK = 0.35
ROOM = 6.0
"""Loudness of the room, the same noise under everything, in 16-bit steps (RMS)."""
BEFORE, AFTER = 0.8, 1.3
"""Seconds of room before the first and after the last word."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is said, by whom, and after what pause."""

    name: str
    text: str
    voice: str
    """The command, a colon, its name for the voice."""
    wake: str | None = None
    pause: float | None = None
    """Seconds between wake word and command; None: said in one breath."""
    demo: bool = False
    """Played by `sotto demo`, in this order."""


CALL = "call five five five zero one two three four"
SLT, RMS, AWB, KAL = "flite:slt", "flite:rms", "flite:awb", "flite:kal16"
BRITISH, ALEX = "espeak-ng:en-gb", "espeak-ng:en-us+Alex"

RECORDINGS = [
    Recording("alexa_light_on", "turn on the kitchen light", SLT, "alexa", 0.3, True),
    Recording("alexa_timer", "set a timer for five minutes", KAL, "alexa", 0.4, True),
    Recording("alexa_time", "what time is it", BRITISH, "alexa", 0.3, True),
    Recording("alexa_call", CALL, SLT, "alexa", 0.3, True),
    Recording("alexa_unlock", "unlock the front door", RMS, "alexa", 0.3, True),
    Recording(
        "chat_traffic",
        "I think we should leave a little earlier tomorrow, the traffic was terrible today.",
        AWB,
        demo=True,
    ),
    Recording("alexa_light_on_glued", "turn on the kitchen light", ALEX, "alexa"),
    Recording("alexa_lights_off_glued", "turn off the lights in the living room", BRITISH, "alexa"),
    Recording("alexa_milk_late", "add milk to my shopping list", RMS, "alexa", 0.9),
    Recording("alexa_never_mind", "never mind", AWB, "alexa", 0.5),
    Recording("cmd_light_on", "turn on the kitchen light", AWB),
    Recording("cmd_timer", "set a timer for five minutes", SLT),
    Recording("cmd_time", "what time is it", RMS),
    Recording("cmd_milk", "add milk to my shopping list", SLT),
    Recording("cmd_lights_off", "turn off the lights in the living room", KAL),
    Recording("cmd_never_mind", "never mind", SLT),
    Recording("cmd_call", CALL, RMS),
    Recording("cmd_unlock", "unlock the front door", AWB),
    Recording("chat_dinner", "She said the soup was too salty, but I liked it very much.", SLT),
    Recording(
        "chat_football", "They lost again on Saturday, and nobody was really surprised.", RMS
    ),
]


def main() -> None:
    """Write every recording and the manifest."""
    for folder in (AUDIO, DEMO):
        folder.mkdir(parents=True, exist_ok=True)
    manifest = []
    demo = 0
    for recording in RECORDINGS:
        samples = in_a_room(spoken(recording), recording.name)
        file = f"{recording.name}.flac"
        soundfile.write(AUDIO / file, samples, RATE, subtype="PCM_16", compression_level=1.0)
        if recording.demo:
            demo += 1
            shutil.copyfile(AUDIO / file, DEMO / f"{demo}_{file}")
        manifest.append({"file": file, **asdict(recording), "seconds": len(samples) / RATE})
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (AUDIO / "manifest.json").write_text(text + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in AUDIO.iterdir())
    print(f"{len(manifest)} recordings, {size / 1024:.0f} KiB in {AUDIO}")


def spoken(recording: Recording) -> NDArray[np.float64]:
    """The words, 16 kHz mono, at their loudest PEAK."""
    if recording.wake is None:
        return synthesise(recording.voice, recording.text)
    if recording.pause is None:
        return synthesise(recording.voice, f"{recording.wake} {recording.text}")
    parts = synthesise(recording.voice, recording.wake), synthesise(recording.voice, recording.text)
    pause = np.zeros(round(recording.pause * RATE))
    return np.concatenate((parts[0], pause, parts[1]))


def synthesise(voice: str, text: str) -> NDArray[np.float64]:
    """What the synthesiser says, without the silence around it, at its loudest PEAK."""
    command, name = voice.split(":")
    with tempfile.TemporaryDirectory() as folder:
        wav, txt = f"{folder}/speech.wav", f"{folder}/speech.txt"
        Path(txt).write_text(text, encoding="utf-8")
        line = {
            "flite": ["flite", "-voice", name, "-f", txt, "-o", wav],
            "espeak-ng": ["espeak-ng", "-v", name, "-s", "150", "-f", txt, "-w", wav],
        }[command]
        subprocess.run(line, check=True)
        samples, rate = soundfile.read(wav, dtype="float64")
    samples = np.asarray(soxr.resample(samples, rate, RATE), np.float64)
    loud = np.flatnonzero(np.abs(samples) > 0.005)
    samples = samples[loud[0] : loud[-1] + 1]
    return samples * float(PEAK / np.abs(samples).max())


def in_a_room(samples: NDArray[np.float64], name: str) -> NDArray[np.int16]:
    """The words with a quiet room before, under and after them; seeded by the name."""
    padding = round(BEFORE * RATE), round(AFTER * RATE)
    steps = np.pad(samples, padding) * 32_767
    noise = np.random.default_rng(zlib.crc32(name.encode())).normal(0.0, ROOM, len(steps))
    return np.rint(steps + noise).astype(np.int16)


if __name__ == "__main__":
    main()
