"""The master key: where it comes from, and what is said when it is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.errors import AssistantError, KeyslotError, StateError
from assistant.private import Private
from storage.keyslots import Keyslots
from storage.master import find_master, master_key
from storage.passphrase import Stretch

NOW = 29_900_000
KEY = bytes(range(32))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    directory = tmp_path / "credentials"
    directory.mkdir()
    return directory / "sotto-master"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    path = tmp_path / "words"
    path.write_text("correct horse battery\n")
    return path


def from_systemd(credential: Path) -> dict[str, str]:
    return {"CREDENTIALS_DIRECTORY": str(credential.parent)}


def from_words(words: Path) -> dict[str, str]:
    return {"SOTTO_PASSPHRASE_FILE": str(words)}


def keep_something(state: Path, key: Private[bytes]) -> None:
    Keyslots.create(state / "keyslots", key, NOW).close()


def test_the_first_start_makes_a_key_file_that_only_we_may_read(state):
    key = master_key(state, {})
    assert len(key.reveal()) == 32
    assert (state / "master.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in state.iterdir()] == ["master.key"]
    assert master_key(state, {}) == key


@pytest.mark.parametrize("kept", ["keyslots", "vault.db", "audit.log"])
def test_a_lost_key_file_is_not_made_anew_where_something_is_kept(state, kept):
    (state / kept).write_bytes(b"")
    with pytest.raises(KeyslotError, match=f"{kept} is here and needs it") as caught:
        master_key(state, {})
    assert "\n" not in str(caught.value)
    assert [path.name for path in state.iterdir()] == [kept]


@pytest.mark.parametrize("kept", ["keyslots", "vault.db", "audit.log"])
def test_a_lost_salt_is_not_made_anew_where_something_is_kept(state, words, kept):
    (state / kept).write_bytes(b"")
    with pytest.raises(KeyslotError, match="the salt of the passphrase"):
        master_key(state, from_words(words))
    assert [path.name for path in state.iterdir()] == [kept]


@pytest.mark.parametrize("data", [b"", KEY[:31], KEY + b"x", b"zz" * 32, KEY.hex().encode()[:63]])
def test_a_damaged_key_file_is_one_clear_line_and_stays(state, data):
    (state / "master.key").write_bytes(data)
    (state / "master.key").chmod(0o600)
    with pytest.raises(KeyslotError, match=f"damaged: {len(data)} bytes"):
        master_key(state, {})
    assert (state / "master.key").read_bytes() == data


def test_a_key_file_that_others_may_read_is_refused_with_what_to_type(state):
    master_key(state, {})
    (state / "master.key").chmod(0o644)
    with pytest.raises(StateError, match="chmod 600"):
        master_key(state, {})


@pytest.mark.parametrize("data", [KEY, KEY.hex().encode(), KEY.hex().upper().encode() + b"\n"])
def test_a_credential_comes_first_and_nothing_is_written(state, credential, words, data):
    credential.write_bytes(data)
    found = find_master(state, from_systemd(credential) | from_words(words))
    assert found.key == Private(KEY)
    assert found.source == "credential"
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"password", KEY + KEY])
def test_a_credential_that_is_no_key_is_one_clear_line(state, credential, data):
    credential.write_bytes(data)
    with pytest.raises(KeyslotError, match="sotto-master: damaged"):
        master_key(state, from_systemd(credential))
    assert list(state.iterdir()) == []


def test_other_credentials_do_not_count(state, credential):
    (credential.parent / "other").write_bytes(KEY)
    assert find_master(state, from_systemd(credential)).source == "file"


def test_a_passphrase_gives_the_same_key_again(state, words):
    key = master_key(state, from_words(words))
    keep_something(state, key)
    assert master_key(state, from_words(words)) == key
    assert (state / "master.argon2").stat().st_mode & 0o777 == 0o600
    assert not (state / "master.key").exists()
    words.write_text("correct horse battery")
    assert master_key(state, from_words(words)) == key


def test_the_same_passphrase_gives_another_key_in_another_house(state, words, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    assert master_key(state, from_words(words)) != master_key(other, from_words(words))


def test_a_wrong_passphrase_is_one_clear_line_without_it(state, words):
    master_key(state, from_words(words))
    words.write_text("incorrect horse battery")
    with pytest.raises(KeyslotError, match="not the passphrase") as caught:
        master_key(state, from_words(words))
    assert "horse" not in str(caught.value)


def test_a_passphrase_that_is_not_named_any_more_is_asked_for(state, words):
    keep_something(state, master_key(state, from_words(words)))
    with pytest.raises(KeyslotError, match="name its file in SOTTO_PASSPHRASE_FILE"):
        master_key(state, {})
    assert not (state / "master.key").exists()


def test_a_short_passphrase_is_refused(state, words):
    words.write_text("horse\n")
    with pytest.raises(KeyslotError, match="at least 12"):
        master_key(state, from_words(words))
    assert list(state.iterdir()) == []


def test_a_passphrase_file_that_is_missing_or_huge_is_one_clear_line(state, words, tmp_path):
    with pytest.raises(KeyslotError, match="No such file"):
        master_key(state, from_words(tmp_path / "nowhere"))
    words.write_bytes(b"x" * 5000)
    with pytest.raises(KeyslotError, match="longer than"):
        master_key(state, from_words(words))


HOSTILE = [
    b"",
    b"{}",
    b"[1]",
    b"[" * 4000,
    b"\xff\xfe",
    json.dumps({"salt": "00" * 16, "check": "", "memory": 1 << 40}).encode(),
    json.dumps({"salt": "00" * 16, "check": "", "passes": 1 << 40}).encode(),
    json.dumps({"salt": "00" * 16, "check": "", "lanes": 0}).encode(),
    json.dumps({"salt": "00" * 16, "check": "", "memory": "64"}).encode(),
    json.dumps({"salt": "00" * 16, "check": "", "memory": 65536.5}).encode(),
    json.dumps({"salt": "00" * 16, "check": "", "passes": True}).encode(),
    json.dumps({"salt": "zz" * 16, "check": ""}).encode(),
    json.dumps({"salt": 7, "check": ""}).encode(),
    json.dumps({"salt": "00" * 16, "check": "", "more": 1}).encode(),
]


@pytest.mark.parametrize("data", HOSTILE)
def test_a_damaged_salt_file_is_one_clear_line_and_stays(state, words, data):
    path = state / "master.argon2"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(KeyslotError, match="damaged; put it back"):
        master_key(state, from_words(words))
    assert path.read_bytes() == data


def test_the_cost_of_guessing_is_that_of_rfc_9106(state, words):
    master_key(state, from_words(words))
    noted = Stretch.model_validate_json((state / "master.argon2").read_text())
    assert (noted.memory, noted.passes, noted.lanes) == (65536, 3, 4)


def test_a_key_never_prints(state):
    found = find_master(state, {})
    assert found.key.reveal().hex() not in repr(found)
    assert "private" in repr(found)


def test_a_directory_that_cannot_be_written_is_one_clear_line(state):
    with pytest.raises(AssistantError, match="not written"):
        master_key(state / "missing", {})
