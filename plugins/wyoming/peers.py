"""Who may speak to us: an allow-list of addresses, and one line for each who may not."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import struct
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from assistant.errors import SettingsError

log = logging.getLogger(__name__)

REMEMBERED = 256
"""Refusals that were said, and are not said again."""
HERE = "local"
"""A peer on a Unix socket or a pipe."""


class Peers:
    """The networks whose members may connect."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises SettingsError for what is no address or network."""
        self._networks = [_network(text) for text in networks]

    def admits(self, peer: str) -> bool:
        """Whether an address is of the list; HERE always is."""
        if peer == HERE:
            return True
        address = _plain(peer)
        return any(
            address.version == network.version and address in network for network in self._networks
        )


class Refusals:
    """Says why somebody was refused or hung up on, once for each peer and reason."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._said: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.count = 0

    def note(self, peer: str, reason: str) -> None:
        """Tell of one. `reason` quotes nothing of the peer's."""
        self.count += 1
        key = (peer, reason)
        if key in self._said:
            self._said.move_to_end(key)
            return
        self._said[key] = None
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        log.warning("wyoming %s: %s was refused: %s", self._service, peer, reason)


def peer_of(connection: Any) -> str:  # noqa: ANN401  # asyncio's TransportSocket has no other type
    """The address at the other end; on a socket file HERE, for our own user and root."""
    if connection.family == socket.AF_UNIX:
        _, user, _ = struct.unpack(
            "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        )
        return HERE if user in (0, os.geteuid()) else f"user {user}"
    return str(_plain(connection.getpeername()[0]))


def same(one: str, other: str) -> bool:
    """Whether two texts are one address."""
    try:
        return _plain(one) == _plain(other)
    except ValueError:
        return False


def _plain(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address, without a zone; one of IPv4 as such, however the socket names it."""
    address = ipaddress.ip_address(text.split("%", 1)[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise SettingsError(
            "wyoming.peers: expected addresses or networks, such as 192.168.1.20 or 192.168.1.0/24"
        ) from None
