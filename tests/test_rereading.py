"""Files of the house that are edited while Sotto runs."""

from __future__ import annotations

import asyncio
import logging

import pytest

from assistant import rereading
from assistant.following import household
from assistant.settings import HomeSettings, Settings

ONE = "areas: [{name: Kitchen}]\nentities: [{name: A Light, domain: light, area: Kitchen}]\n"
NONE = "areas: [{name: Kitchen}]\nentities: []\n"
SENTENCES = "language: en\nintents: {X: {data: [{sentences: ['polish the silver']}]}}\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(rereading, "LOOK_EVERY", 0.01)
    for name, text in (("things.yaml", ONE), ("sentences.yaml", SENTENCES)):
        (tmp_path / name).write_text(text)
    return tmp_path


def following(files):
    settings = Settings(
        home=HomeSettings(things=files / "things.yaml", sentences=(files / "sentences.yaml",))
    )
    return household(settings, files, live=True)


def edit(path, text):
    """As an editor saves: whole, in the place of the one before."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


async def until(holds):
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # a file is looked at, there is no event
            await asyncio.sleep(0.005)


async def test_other_things_count_without_a_restart(files):
    home, follows = following(files)
    async with follows:
        assert len(home.things.entities) == 1
        await asyncio.sleep(0.05)
        edit(files / "things.yaml", NONE)
        await until(lambda: not home.things.entities)
        assert home.house.devices.things is home.things


async def test_broken_things_leave_those_before_and_say_where(files, caplog):
    home, follows = following(files)
    async with follows:
        await asyncio.sleep(0.05)
        edit(files / "things.yaml", "areas: 7\n")
        await until(lambda: "things.yaml:1" in caplog.text)
        assert len(home.things.entities) == 1
        edit(files / "things.yaml", NONE)
        await until(lambda: not home.things.entities)


async def test_broken_sentences_are_said_and_good_ones_wait_for_the_next_start(files, caplog):
    caplog.set_level(logging.WARNING)
    _, follows = following(files)
    async with follows:
        await asyncio.sleep(0.05)
        edit(files / "sentences.yaml", "intents: [")
        await until(lambda: "sentences.yaml:1" in caplog.text)
        edit(files / "sentences.yaml", SENTENCES.replace("silver", "gold"))
        await until(lambda: "count from the next start" in caplog.text)


async def test_a_file_that_is_gone_is_said_and_changes_nothing(files, caplog):
    home, follows = following(files)
    async with follows:
        await asyncio.sleep(0.05)
        (files / "things.yaml").unlink()
        await until(lambda: "things.yaml" in caplog.text)
        assert len(home.things.entities) == 1


def test_a_recording_is_not_followed(files):
    settings = Settings(home=HomeSettings(things=files / "things.yaml"))
    assert household(settings, files, live=False)[1] is None
