"""A few bytes in a TPM 2.0 that can be overwritten for good: non-volatile indices.

Commands are laid out as in the TCG's TPM 2.0 Library, part 3. The indices have an empty password:
they keep a secret from whoever has the disk, not from whoever runs programs on the device.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

from assistant.errors import KeyslotError

DEVICE = Path("/dev/tpmrm0")
"""The kernel's resource manager."""
_LONGEST = 4096
_SESSIONS, _NO_SESSIONS = 0x8002, 0x8001
_OWNER = 0x4000_0001
_PASSWORD = struct.pack(">IIHBH", 9, 0x4000_0009, 0, 0, 0)
"""An authorisation area with the empty password."""
_DEFINE, _WRITE, _READ, _READ_PUBLIC = 0x12A, 0x137, 0x14E, 0x169
_SHA256 = 0x000B
_ATTRIBUTES = 1 << 2 | 1 << 18 | 1 << 25
"""Written and read with its own password, and never a reason for lockout."""
_UNKNOWN_HANDLE = 0x18B
_HEADER = struct.Struct(">HII")


def device(path: Path = DEVICE) -> Callable[[bytes], bytes]:
    """The way to a TPM: a command in, its answer out. Raises KeyslotError without a TPM."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise KeyslotError(f"{path}: no TPM: {error.strerror}") from None

    def ask(command: bytes) -> bytes:
        try:
            os.write(file, command)
            return os.read(file, _LONGEST)
        except OSError as error:
            raise KeyslotError(f"{path}: the TPM does not answer: {error.strerror}") from None

    return ask


class Index:
    """One non-volatile index of fixed size."""

    def __init__(self, ask: Callable[[bytes], bytes], handle: int, size: int) -> None:
        self._ask = ask
        self._handle = handle
        self._size = size

    @property
    def is_defined(self) -> bool:
        """It is there."""
        code, _ = self._sent(_NO_SESSIONS, _READ_PUBLIC, struct.pack(">I", self._handle))
        if code not in {0, _UNKNOWN_HANDLE}:
            raise self._failed("asked for", code)
        return code == 0

    def define(self) -> None:
        """Make it; nothing can be read before the first write."""
        public = struct.pack(">IHIHH", self._handle, _SHA256, _ATTRIBUTES, 0, self._size)
        no_password = struct.pack(">H", 0)
        parameters = no_password + struct.pack(">H", len(public)) + public
        self._done("defined", _DEFINE, struct.pack(">I", _OWNER), parameters)

    def write(self, data: bytes) -> None:
        """Overwrite all of it."""
        parameters = struct.pack(">H", len(data)) + data + struct.pack(">H", 0)
        self._done("written", _WRITE, self._twice(), parameters)

    def read(self) -> bytes:
        """All of it."""
        answer = self._done("read", _READ, self._twice(), struct.pack(">HH", self._size, 0))
        data = answer[6 : 6 + self._size]
        if len(data) != self._size:
            raise KeyslotError(f"TPM index {self._handle:#x}: too short an answer")
        return data

    def _twice(self) -> bytes:
        return struct.pack(">II", self._handle, self._handle)

    def _done(self, what: str, command: int, handles: bytes, parameters: bytes) -> bytes:
        code, answer = self._sent(_SESSIONS, command, handles + _PASSWORD + parameters)
        if code:
            raise self._failed(what, code)
        return answer

    def _sent(self, tag: int, command: int, body: bytes) -> tuple[int, bytes]:
        answer = self._ask(_HEADER.pack(tag, _HEADER.size + len(body), command) + body)
        if len(answer) < _HEADER.size:
            raise KeyslotError(f"TPM index {self._handle:#x}: no answer")
        _, _, code = _HEADER.unpack_from(answer)
        return code, answer[_HEADER.size :]

    def _failed(self, what: str, code: int) -> KeyslotError:
        return KeyslotError(f"TPM index {self._handle:#x}: not {what}: TPM error {code:#x}")
