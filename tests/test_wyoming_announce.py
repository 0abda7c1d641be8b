"""The local network is told of the services, where the settings say so; with real packets."""

from __future__ import annotations

import asyncio
import socket

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from assistant.errors import WyomingError
from plugins.wyoming.address import Address
from plugins.wyoming.announce import KIND, announced
from tests.wyoming_stage import SOON

AT = {"asr": Address("tcp", "127.0.0.1", 10300), "wake": Address("tcp", "127.0.0.1", 10400)}


async def seen(zeroconf: AsyncZeroconf, names: set[str]) -> dict[str, tuple[str, int | None]]:
    """Where services of these names are, once they were heard of."""
    found: set[str] = set()
    changed = asyncio.Event()

    def note(zeroconf, service_type, name, state_change):
        found.add(name)
        changed.set()

    browser = AsyncServiceBrowser(zeroconf.zeroconf, KIND, handlers=[note])
    async with asyncio.timeout(SOON):
        while not {f"{name}.{KIND}" for name in names} <= found:
            await changed.wait()
            changed.clear()
    await browser.async_cancel()
    places = {}
    for name in names:
        info = AsyncServiceInfo(KIND, f"{name}.{KIND}")
        assert await info.async_request(zeroconf.zeroconf, SOON * 1000)
        (address,) = info.addresses
        places[name] = (socket.inet_ntoa(address), info.port)
    return places


async def test_every_service_is_told_of_with_its_port():
    listening = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    unix = {"intent": Address("unix", path="/run/intent.sock")}
    try:
        async with announced("Kitchen test", {**AT, **unix}.items()):
            assert await seen(listening, {"Kitchen test asr", "Kitchen test wake"}) == {
                "Kitchen test asr": ("127.0.0.1", 10300),
                "Kitchen test wake": ("127.0.0.1", 10400),
            }
            with pytest.raises(WyomingError, match="another device is called Kitchen test"):
                async with announced("Kitchen test", AT.items()):
                    pass
    finally:
        await listening.async_close()


async def test_where_there_is_nothing_to_tell_of_it_is_said(caplog):
    async with announced("Kitchen test", [("asr", Address("unix", path="/run/asr.sock"))]):
        assert "there is no tcp:// service" in caplog.text
