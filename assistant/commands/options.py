"""Options that several commands share, and the settings they change."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from assistant import logs
from assistant.settings import Settings


def add_common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """The options that may stand before or after the command."""
    none, false = (None, False) if top else (argparse.SUPPRESS, argparse.SUPPRESS)
    common = parser.add_argument_group("common options")
    common.add_argument("--config", type=Path, metavar="FILE", default=none, help="settings file")
    common.add_argument(
        "--state", type=Path, metavar="DIR", default=none, help="where caches and models are kept"
    )
    common.add_argument(
        "--json", action="store_true", default=false, help="one JSON object a line on stdout"
    )
    common.add_argument(
        "--log-level", choices=logs.LEVELS, default=none, help="what is told on stderr"
    )
    common.add_argument(
        "--log-format", choices=logs.FORMATS, default="text" if top else none,
        help="json: one object a line, for journald",
    )  # fmt: skip


def add_home(parser: argparse.ArgumentParser) -> None:
    """Options that replace the house and add sentences."""
    parser.add_argument(
        "--sentences", type=Path, metavar="FILE", action="append", default=[],
        help="more sentences, in Home Assistant's custom-sentence format (any number of files)",
    )  # fmt: skip
    parser.add_argument("--things", type=Path, metavar="FILE", help="areas, floors and devices")


def add_recognizer(parser: argparse.ArgumentParser) -> None:
    """Options that choose the recognizer."""
    parser.add_argument("--recognizer", choices=("grammar", "whisper"), help="which engine")
    parser.add_argument(
        "--whisper-model", type=Path, metavar="DIR", help="a faster-whisper model directory"
    )


def apply(parsed: argparse.Namespace, settings: Settings) -> Settings:
    """The settings, with what the command line says instead."""
    home: dict[str, Any] = {}
    if getattr(parsed, "things", None) is not None:
        home["things"] = parsed.things
    if getattr(parsed, "sentences", None):
        home["sentences"] = (*settings.home.sentences, *parsed.sentences)
    recognizer: dict[str, Any] = {}
    if getattr(parsed, "recognizer", None) is not None:
        recognizer["engine"] = parsed.recognizer
    if getattr(parsed, "whisper_model", None) is not None:
        recognizer["whisper_model"] = parsed.whisper_model
    return settings.model_copy(
        update={
            "home": settings.home.model_copy(update=home),
            "recognizer": settings.recognizer.model_copy(update=recognizer),
        }
    )


def spread(arguments: list[str], option: str, endings: tuple[str, ...]) -> list[str]:
    """`--sentences a.yaml b.yaml` as `--sentences a.yaml --sentences b.yaml`.

    argparse would take a recording that follows for one more file of sentences.
    """
    spreaded: list[str] = []
    inside = False
    for word in arguments:
        if inside and spreaded[-1] != option and word.endswith(endings):
            spreaded.append(option)
        elif word == option:
            inside = True
        elif inside and spreaded[-1] != option:
            inside = False
        spreaded.append(word)
    return spreaded
