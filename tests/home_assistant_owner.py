"""Makes a long-lived access token of a Home Assistant, by its own login and auth API."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
import urllib.request
from typing import Any

from websockets.asyncio.client import connect

CLIENT = "http://127.0.0.1/"


def _post(url: str, value: dict[str, Any], *, form: bool = False) -> Any:
    data = urllib.parse.urlencode(value) if form else json.dumps(value)
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = urllib.request.Request(url, data.encode(), {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def short_lived(url: str, name: str, password: str) -> str:
    """Log in as a person does in a browser."""
    flow = _post(
        f"{url}/auth/login_flow",
        {"client_id": CLIENT, "handler": ["homeassistant", None], "redirect_uri": CLIENT},
    )
    step = {"client_id": CLIENT, "username": name, "password": password}
    code = _post(f"{url}/auth/login_flow/{flow['flow_id']}", step)["result"]
    grant = {"client_id": CLIENT, "grant_type": "authorization_code", "code": code}
    return _post(f"{url}/auth/token", grant, form=True)["access_token"]


class Owner:
    """A second client, as a person at Home Assistant's own pages is one."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"ws{url.removeprefix('http')}/api/websocket"
        self._token = token
        self._number = 0

    async def __aenter__(self) -> Owner:
        self._socket = await connect(self._url, max_size=None, proxy=None)
        await self._socket.recv()
        await self._socket.send(json.dumps({"type": "auth", "access_token": self._token}))
        assert json.loads(await self._socket.recv())["type"] == "auth_ok"
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._socket.close()

    async def do(self, kind: str, **fields: Any) -> Any:
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "type": kind, **fields}))
        async with asyncio.timeout(20):
            while True:
                answer = json.loads(await self._socket.recv())
                if answer.get("type") == "result" and answer["id"] == self._number:
                    assert answer["success"], answer["error"]
                    return answer["result"]


async def long_lived(url: str, name: str = "owner", password: str = "a password") -> str:
    token = await asyncio.to_thread(short_lived, url, name, password)
    async with Owner(url, token) as owner:
        return await owner.do("auth/long_lived_access_token", client_name="sotto", lifespan=3650)
