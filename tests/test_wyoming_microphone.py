"""A microphone elsewhere that means harm, or that meets a fault of ours: it is heard again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket

from pipeline.sources.remote import INDEX, RemoteMicrophone
from plugins.door.packets import Doorstep
from plugins.wyoming.address import Address
from plugins.wyoming.meeting import MICROPHONE
from plugins.wyoming.remote import Remote
from plugins.wyoming.sound import Hearing
from scripts.fuzz_frames import MICROPHONE as CORPUS
from scripts.fuzz_frames import a_microphone, garbage, mutated
from tests.test_wyoming_satellite import elsewhere, heard
from tests.wyoming_stage import SOON, free_port, serving, settings

SOUND = b"\x21\x43" * 1280


async def test_a_fault_of_ours_costs_one_connection(tmp_path, monkeypatch, caplog):
    port = free_port()
    made = settings(microphone=f"tcp://127.0.0.1:{port}")
    feed, faults = Hearing.feed, [RuntimeError("my card number is four two four two")]

    def once(*given):
        if faults:
            raise faults.pop()
        return feed(*given)

    monkeypatch.setattr(Hearing, "feed", once)
    async with elsewhere(port):
        with serving(made, tmp_path):
            microphone = RemoteMicrophone(tmp_path / MICROPHONE)
            async with asyncio.timeout(SOON):
                await asyncio.to_thread(heard, microphone, 5)
            microphone.close()
    assert "a fault of Sotto's own: RuntimeError at test_wyoming_microphone.py" in caplog.text
    assert "card" not in caplog.text


async def test_whatever_it_says_the_next_one_is_heard(tmp_path):
    """In short; `python -m scripts.fuzz_sockets` is the long form."""
    chance, left, loop = random.Random(9), [500], asyncio.get_running_loop()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left[0] -= 1
        with contextlib.suppress(OSError):
            if left[0] < 0:
                writer.write(a_microphone(SOUND))
            elif left[0] % 50 == 0:
                writer.write(garbage(chance, 100_000))
            else:
                writer.write(mutated(chance, CORPUS))
            writer.write_eof()
            await reader.read()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    there = Address("tcp", "127.0.0.1", server.sockets[0].getsockname()[1])
    step = Doorstep(tmp_path / MICROPHONE)
    running = asyncio.create_task(Remote(there, longest_wait=0.001).run(step))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as core:
        core.setblocking(False)
        await loop.sock_connect(core, str(tmp_path / MICROPHONE))
        async with asyncio.timeout(SOON):
            while (await loop.sock_recv(core, 4096))[INDEX.size :] != SOUND:
                pass
    assert left[0] < 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    step.close()
    server.close()
