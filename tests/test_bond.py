"""With a TPM an old copy of the keyslot file opens nothing, even with the master key."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.errors import KeyslotError
from assistant.private import Private
from storage.bond import HANDLES, Bond
from storage.keyslots import Keyslots
from storage.recovery import import_recovery, recovery_text
from storage.slots import SLOT_BYTES
from storage.tpm import Index, device

MASTER = Private(bytes(range(32)))
OTHER = Private(bytes(range(1, 33)))
NOW = 29_900_000
ANSWER = {"empty": b"", "short": b"\x80\x01", "refused": bytes.fromhex("80010000000a00000922")}


class SoftwareTpm:
    """swtpm on a Unix socket; `cut` makes it deaf after so many more writes."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(10)
        for _ in range(1000):
            if self._line.connect_ex(str(path)) == 0:
                break
            time.sleep(0.01)
        self.cut = 1 << 30

    def __call__(self, command: bytes) -> bytes:
        if command[6:10] == b"\0\0\x01\x37":
            self.cut -= 1
            if self.cut < 0:
                return b""
        self._line.sendall(command)
        return self._line.recv(4096)

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def tpm(tmp_path: Path) -> Iterator[SoftwareTpm]:
    program = os.environ.get("SWTPM") or shutil.which("swtpm")
    if program is None:
        pytest.skip("swtpm is not installed")
    place = tmp_path / "line"
    command = [program, "socket", "--tpm2", "--tpmstate", f"dir={tmp_path}"]
    command += ["--server", f"type=unixio,path={place}", "--flags", "not-need-init,startup-clear"]
    with subprocess.Popen(command) as process:
        line = SoftwareTpm(place)
        try:
            yield line
        finally:
            line.close()
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyslots"


def key(keys: Keyslots, consent: str) -> Private[bytes] | None:
    return keys.row_key(consent, made=NOW, expires=NOW + 60)


def made(bond: Bond, path: Path) -> Keyslots:
    keys = bond.create(path, MASTER, NOW)
    keys.add_consent("gone", "household")
    keys.add_consent("kept", "household")
    return keys


def test_an_old_copy_opens_nothing_once_the_secret_was_renewed(tpm, path):
    bond = Bond(tpm)
    keys = made(bond, path)
    old, kept = path.read_bytes(), key(keys, "kept")
    keys.destroy_consent("gone")
    bond.renew(keys, MASTER)
    keys.close()
    new = path.read_bytes()
    path.write_bytes(old)
    with pytest.raises(KeyslotError, match="with a TPM"):
        Bond(tpm).open(path, MASTER)
    path.write_bytes(new)
    again = Bond(tpm).open(path, MASTER)
    assert (key(again, "kept"), key(again, "gone")) == (kept, None)


def test_without_the_tpm_a_bound_file_does_not_open(tpm, path):
    made(Bond(tpm), path).close()
    with pytest.raises(KeyslotError, match="with a TPM"):
        Keyslots.open(path, MASTER)


def test_a_file_that_was_not_bound_is_bound_when_it_is_opened(tpm, path):
    keys = Keyslots.create(path, MASTER, NOW)
    keys.add_consent("kept", "household")
    kept = key(keys, "kept")
    keys.close()
    bound = Bond(tpm).open(path, MASTER)
    assert key(bound, "kept") == kept
    with pytest.raises(KeyslotError, match="with a TPM"):
        Keyslots.open(path, MASTER)


@pytest.mark.parametrize("cut", [0, 1])
def test_a_renewal_broken_off_at_the_tpm_leaves_a_file_that_opens(tpm, path, cut):
    bond = Bond(tpm)
    keys = made(bond, path)
    kept = key(keys, "kept")
    bond.renew(keys, MASTER)
    keys.destroy_consent("gone")
    tpm.cut = cut
    with pytest.raises(KeyslotError, match="no answer"):
        bond.renew(keys, MASTER)
    keys.close()
    tpm.cut = 1 << 30
    bond = Bond(tpm)
    again = bond.open(path, MASTER)
    assert (key(again, "kept"), key(again, "gone")) == (kept, None)
    bond.renew(again, MASTER)
    again.close()
    assert key(Bond(tpm).open(path, MASTER), "kept") == kept


def test_the_next_start_ends_a_renewal_that_was_broken_off(tpm, path):
    bond = Bond(tpm)
    keys = made(bond, path)
    old = path.read_bytes()
    tpm.cut = 1
    with pytest.raises(KeyslotError, match="no answer"):
        bond.renew(keys, MASTER)
    keys.close()
    tpm.cut = 1 << 30
    Bond(tpm).open(path, MASTER).close()
    path.write_bytes(old)
    with pytest.raises(KeyslotError, match="with a TPM"):
        Bond(tpm).open(path, MASTER)


@pytest.mark.parametrize("place", [100, SLOT_BYTES, SLOT_BYTES + 100])
def test_a_renewal_broken_off_in_the_file_leaves_a_file_that_opens(tpm, path, place):
    bond = Bond(tpm)
    keys = made(bond, path)
    before, kept = path.read_bytes(), key(keys, "kept")
    tpm.cut = 1
    with pytest.raises(KeyslotError, match="no answer"):
        bond.renew(keys, MASTER)
    keys.close()
    path.write_bytes(path.read_bytes()[:place] + before[place:])
    tpm.cut = 1 << 30
    for _ in range(2):
        again = Bond(tpm).open(path, MASTER)
        assert key(again, "kept") == kept
        again.close()


def test_the_master_key_changes_under_a_bond(tpm, path):
    keys = made(Bond(tpm), path)
    kept = key(keys, "kept")
    keys.close()
    Bond(tpm).open(path, OTHER, previous=MASTER).close()
    assert key(Bond(tpm).open(path, OTHER), "kept") == kept
    with pytest.raises(KeyslotError, match="another master"):
        Bond(tpm).open(path, MASTER)


def test_a_recovery_key_is_checked_under_a_bond(tpm, path):
    bond = Bond(tpm)
    made(bond, path).close()
    with pytest.raises(KeyslotError, match="not the one of"):
        import_recovery(path.parent, {}, recovery_text(OTHER), bond)
    import_recovery(path.parent, {}, recovery_text(MASTER), bond)
    assert (path.parent / "master.key").exists()


@pytest.mark.parametrize(("kind", "said"), [("empty", "no answer"), ("short", "no answer")])
def test_a_tpm_that_does_not_answer_is_one_clear_line(kind, said):
    with pytest.raises(KeyslotError, match=said):
        Bond(lambda _: ANSWER[kind])


def test_a_tpm_that_refuses_is_one_clear_line_with_its_number():
    with pytest.raises(KeyslotError, match="not asked for: TPM error 0x922"):
        Bond(lambda _: ANSWER["refused"])
    with pytest.raises(KeyslotError, match="not written: TPM error 0x922"):
        Index(lambda _: ANSWER["refused"], HANDLES[0], 32).write(bytes(32))


def test_a_device_without_a_tpm_is_one_clear_line(tmp_path):
    with pytest.raises(KeyslotError, match="no TPM: No such file"):
        device(tmp_path / "tpm")


def test_a_tpm_device_is_written_and_read(tmp_path):
    place = tmp_path / "tpm"
    place.write_bytes(b"")
    ask: Callable[[bytes], bytes] = device(place)
    assert ask(b"command") == b""
