"""A Wyoming peer of whatever version this Python has: asks each service once, with real sound.

It imports nothing of Sotto's.
usage: wyoming_peer.py HOST ASR WAKE INTENT SATELLITE COMMAND.raw WAKE.raw
"""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.intent import Intent, NotRecognized, Recognize
from wyoming.ping import Ping, Pong
from wyoming.pipeline import RunPipeline
from wyoming.satellite import RunSatellite
from wyoming.wake import Detect, Detection

SOON = 60.0


class Peer:
    """One connection."""

    def __init__(self, host: str, port: str) -> None:
        self._client = AsyncTcpClient(host, int(port))

    async def __aenter__(self) -> Peer:
        await self._client.connect()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.disconnect()

    async def say(self, *events: Event) -> None:
        """Send events."""
        for event in events:
            await self._client.write_event(event)

    async def hear(self, *kinds: str) -> Event:
        """The next event of these kinds."""
        async with asyncio.timeout(SOON):
            while True:
                event = await self._client.read_event()
                assert event is not None, "hung up"
                if event.type in kinds:
                    return event

    async def speak(self, pcm: bytes) -> None:
        """Send sound."""
        await self.say(AudioStart(16_000, 2, 1, timestamp=0).event())
        for start in range(0, len(pcm), 2048):
            piece = pcm[start : start + 2048]
            await self.say(AudioChunk(16_000, 2, 1, piece, timestamp=start // 32).event())
        await self.say(AudioStop(timestamp=len(pcm) // 32).event())

    async def info(self) -> Info:
        """What it says of itself."""
        await self.say(Describe().event())
        return Info.from_event(await self.hear("info"))


async def main(host: str, asr: str, wake: str, intent: str, satellite: str, *sounds: bytes) -> None:
    """Ask everything; AssertionError where an answer is not what it should be."""
    command, waking = sounds
    async with Peer(host, asr) as peer:
        info = await peer.info()
        assert [model.name for program in info.asr for model in program.models], info
        await peer.say(Transcribe(language="en").event())
        await peer.speak(command)
        text = Transcript.from_event(await peer.hear("transcript")).text
        assert text == "what time is it", text
        await peer.speak(bytes(32_000))
        assert Transcript.from_event(await peer.hear("transcript")).text == ""
        await peer.say(Ping(text="still there").event())
        assert Pong.from_event(await peer.hear("pong")).text == "still there"
    async with Peer(host, wake) as peer:
        info = await peer.info()
        assert [model.name for program in info.wake for model in program.models] == ["alexa"]
        await peer.say(Detect(names=["alexa"]).event())
        await peer.speak(waking)
        assert Detection.from_event(await peer.hear("detection")).name == "alexa"
    async with Peer(host, intent) as peer:
        assert (await peer.info()).intent
        await peer.say(Recognize(text="turn on the kitchen light").event())
        found = Intent.from_event(await peer.hear("intent"))
        assert (found.name, found.entities[0].value) == ("HassTurnOn", "Kitchen Light"), found
        await peer.say(Recognize(text="colourless green ideas").event())
        assert NotRecognized.from_event(await peer.hear("not-recognized")).text
    async with Peer(host, satellite) as peer:
        info = await peer.info()
        assert info.satellite is not None
        assert info.satellite.installed
        await peer.say(RunSatellite().event())
        print(f"{version('wyoming')}: waits for sound", flush=True)
        RunPipeline.from_event(await peer.hear("run-pipeline"))
        chunk = AudioChunk.from_event(await peer.hear("audio-chunk"))
        assert (chunk.rate, chunk.width, chunk.channels) == (16_000, 2, 1)
        await peer.hear("audio-stop")
        await peer.speak(bytes(3200))
        await peer.hear("played")
    print(f"{version('wyoming')}: asr, wake, intent and satellite answer as they should")


if __name__ == "__main__":
    addresses, files = sys.argv[1:6], sys.argv[6:]
    asyncio.run(main(*addresses, *(Path(file).read_bytes() for file in files)))
