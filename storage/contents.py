"""What a keyslot holds, as bytes: the nodes of two trees and the keys of consents."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from storage.derive import KEY_BYTES
from storage.slots import CONTENT_BYTES
from storage.tree import DEPTH, Node, Tree

MADE_NODES = 1024
"""Nodes of the `made` tree. A forgotten span costs about 25 in a year of kept rows."""
CONSENTS = 128
NAME_BYTES = 64
"""Longest consent id and subject, in UTF-8."""
_EXPIRES_NODES = DEPTH + 1
"""More are never left when only the beginning of a tree is gone."""
_NODE = struct.Struct(f">BI{KEY_BYTES}s")
_CONSENT_BYTES = 1 + NAME_BYTES + 1 + NAME_BYTES + 8 + KEY_BYTES
_HEAD = struct.Struct(">HHH")
_LARGEST = _HEAD.size + (MADE_NODES + _EXPIRES_NODES) * _NODE.size + CONSENTS * _CONSENT_BYTES
assert _LARGEST <= CONTENT_BYTES


@dataclass(frozen=True, slots=True)
class Consent:
    """The key under which everything of one consent is kept."""

    subject: str
    since: int
    """The epoch in which it was made."""
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """All keys there are."""

    expires: Tree
    made: Tree
    consents: Mapping[str, Consent]


def encoded(contents: Contents) -> bytes:
    """At most CONTENT_BYTES: the caller keeps to MADE_NODES, CONSENTS and NAME_BYTES."""
    expires, made = contents.expires.nodes, contents.made.nodes
    parts = [_HEAD.pack(len(expires), len(made), len(contents.consents))]
    for (depth, index), key in [*expires.items(), *made.items()]:
        parts.append(_NODE.pack(depth, index, key))
    for name, consent in contents.consents.items():
        parts += [_text(name), _text(consent.subject), struct.pack(">Q", consent.since)]
        parts.append(consent.key)
    return b"".join(parts)


def decoded(data: bytes) -> Contents:
    """The reverse, for bytes that were authenticated."""
    expires, made, consents = _HEAD.unpack_from(data)
    nodes = (_node(data, _HEAD.size + number * _NODE.size) for number in range(expires + made))
    early = Tree(dict(next(nodes) for _ in range(expires)))
    late = Tree(dict(nodes))
    start = _HEAD.size + (expires + made) * _NODE.size
    return Contents(early, late, dict(_consents(data, start, consents)))


def _node(data: bytes, start: int) -> tuple[Node, bytes]:
    depth, index, key = _NODE.unpack_from(data, start)
    return (depth, index), key


def _consents(data: bytes, start: int, count: int) -> Iterator[tuple[str, Consent]]:
    for _ in range(count):
        name, start = _name(data, start)
        subject, start = _name(data, start)
        (since,) = struct.unpack_from(">Q", data, start)
        start += 8
        yield name, Consent(subject, since, data[start : start + KEY_BYTES])
        start += KEY_BYTES


def _text(text: str) -> bytes:
    raw = text.encode()
    return bytes([len(raw)]) + raw


def _name(data: bytes, start: int) -> tuple[str, int]:
    end = start + 1 + data[start]
    return data[start + 1 : end].decode(), end
