"""Does the requests of sandboxed skills, for a process that has the network.

A host's addresses are looked up once, judged, and connected to by number, so that no second
look-up can lead elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
import time
from urllib.parse import urljoin, urlsplit

from plugins.sandbox.proxy import LIMIT, FetchError, Page, Request, may_connect
from plugins.sandbox.wire import MOST_FETCHED

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_HOPS = 3


class Web:
    """Requests over TLS, with the system's certificates unless others are given."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        """`context` says whom to trust."""
        self._context = context or ssl.create_default_context()

    async def __call__(self, request: Request) -> Page:
        """Do it. Raises FetchError."""
        connections: list[_Connection] = []
        try:
            return await asyncio.to_thread(self._fetch, request, connections)
        except asyncio.CancelledError:
            for connection in connections:
                connection.cut()
            raise

    def _fetch(self, request: Request, connections: list[_Connection]) -> Page:
        target = request.target
        deadline = time.monotonic() + LIMIT
        for _ in range(_MOST_HOPS):
            connections.append(_Connection(request, self._context, deadline))
            try:
                page, onward = self._once(request, target, connections[-1])
            except (OSError, http.client.HTTPException) as error:
                raise FetchError(f"{request.host}: {type(error).__name__}") from error
            if onward is None:
                return page
            target = _same_host(request, target, onward)
        raise FetchError("too many redirects")

    def _once(
        self, request: Request, target: str, connection: _Connection
    ) -> tuple[Page, str | None]:
        """One request; where it leads on to, if it does."""
        try:
            headers = {"User-Agent": "Sotto", "Accept-Encoding": "identity"}
            if request.method == "POST":
                headers["Content-Type"] = "application/json"
            connection.request(request.method, target, request.body or None, headers)
            response = connection.getresponse()
            if response.status in _REDIRECTS and request.method == "GET":
                return Page(response.status, b""), response.getheader("Location")
            body = bytearray()
            while chunk := response.read1(16_384):
                body += chunk
                if len(body) > MOST_FETCHED:
                    raise FetchError(f"more than {MOST_FETCHED} bytes")
                connection.hurry()
            return Page(response.status, bytes(body)), None
        finally:
            connection.close()


class _Connection(http.client.HTTPSConnection):
    """A connection to an address that was judged, under the name that was asked for."""

    def __init__(self, request: Request, context: ssl.SSLContext, deadline: float) -> None:
        super().__init__(request.host, request.port, context=context)
        self._deadline = deadline
        self._trusted = context

    def connect(self) -> None:
        """Look up, judge, connect, shake hands."""
        for family, kind, protocol, _, place in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            if not may_connect(str(place[0]), self.host):
                continue
            plain = socket.socket(family, kind, protocol)
            try:
                plain.settimeout(self._left())
                plain.connect(place)
                self.sock = self._trusted.wrap_socket(plain, server_hostname=self.host)
            except OSError:
                plain.close()
                raise
            return
        raise FetchError(f"{self.host} is at no address that may be reached")

    def cut(self) -> None:
        """Wake the thread that waits for it."""
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def hurry(self) -> None:
        """Give the next read no more time than is left."""
        if self.sock is not None:
            self.sock.settimeout(self._left())

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise FetchError("no answer in time")
        return left


def _same_host(request: Request, target: str, onward: str) -> str:
    """The target of a redirect. Raises FetchError if it leads to another host."""
    here = f"https://{request.host}:{request.port}"
    parts = urlsplit(urljoin(f"{here}{target}", onward))
    try:
        port = parts.port or 443
    except ValueError:
        raise FetchError("a redirect to no address") from None
    if (parts.scheme, parts.hostname, port) != ("https", request.host, request.port):
        raise FetchError("a redirect to another host")
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
