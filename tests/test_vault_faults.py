"""Kills, power cuts and damage in short; scripts/torture_storage.py does it at length."""

from __future__ import annotations

import contextlib
import logging
import os

import pytest

from assistant.errors import AssistantError
from scripts.storage_damage import CANARY, canaries, corruptions
from scripts.storage_faults import (
    Hands,
    Said,
    content,
    kill_round,
    loop_mounts,
    mounted,
    new_image,
    numbers,
    permit,
    power_cuts,
)
from storage import forgetting
from storage.store import open_store


@pytest.fixture
def disks(tmp_path):
    if not loop_mounts():
        pytest.skip("needs root and loop devices, to mount a disk image")
    return tmp_path


def test_a_killed_writer_loses_nothing_it_acknowledged_and_brings_nothing_back(tmp_path):
    said = Said()
    for seed in range(8):
        assert kill_round(tmp_path / "state", said, seed) == []
    assert len(said.kept) > 50
    assert said.withdrawn


def test_a_power_cut_loses_nothing_that_was_acknowledged(disks):
    try:
        assert power_cuts(disks, cuts=4, seed=1) == []
    except OSError as error:
        pytest.skip(f"no disk image can be mounted here: {error}")


def test_damage_to_any_file_is_repaired_or_said(tmp_path):
    outcomes, silent = corruptions(tmp_path, rounds=40, seed=0)
    assert silent == []
    assert outcomes.keys() == {"whole", "degraded", "refused"}


def test_nothing_that_is_kept_can_be_read_on_the_raw_disk(disks):
    try:
        assert canaries(disks) == []
    except OSError as error:
        pytest.skip(f"no disk image can be mounted here: {error}")


def test_on_a_full_disk_keys_are_destroyed_and_nothing_is_lost(disks):
    try:
        new_image(disks / "small.img", megabytes=8)
        with mounted(disks / "small.img", disks / "disk") as disk:
            fill_up_and_forget(disk)
    except OSError as error:
        pytest.skip(f"no disk image can be mounted here: {error}")


def keep_for_ever(store):
    while True:
        store.vault.keep(permit("stays"), {"text": "x" * 900})


def fill_up_and_forget(disk):
    hands = Hands()
    with open_store(disk / "state", {}, hands=hands) as store:
        for consent in ("stays", "goes"):
            store.vault.give(consent, "ada")
            for number in range(20):
                store.vault.keep(permit(consent), content(number))
        full = os.open(disk / "full", os.O_WRONLY | os.O_CREAT)
        with contextlib.suppress(OSError):
            while True:
                os.write(full, bytes(1 << 12))
        with pytest.raises(AssistantError, match=r"full|space"):
            keep_for_ever(store)
        before = numbers(store)
        with contextlib.suppress(AssistantError):
            forgetting.withdraw(store.vault, "goes")
        assert not store.keyslots.has_consent("goes")
        left = numbers(store)
        assert left == before - set(range(21, 41))
        hands.now += 120
        store.sweeper.sweep()
        os.close(full)
        (disk / "full").unlink()
        store.vault.keep(permit("stays"), {"text": "there is room again"})
    with open_store(disk / "state", {}, hands=hands) as store:
        assert numbers(store) >= left
        assert not store.vault.status.degraded


def test_what_is_kept_is_in_no_log_line_and_no_error(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with open_store(tmp_path / "state", {}, hands=Hands()) as store:
        store.vault.give("c1", "ada")
        store.vault.keep(permit("c1"), {"text": CANARY})
        for payload in ({"text": object(), "words": CANARY}, {"x": float("nan"), "y": CANARY}):
            with pytest.raises(AssistantError) as refused:
                store.vault.keep(permit("c1"), payload)
            assert CANARY not in str(refused.value)
        assert CANARY not in repr(store)
    assert CANARY not in caplog.text
