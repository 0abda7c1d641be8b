"""`sotto help`: what the documents say, and the command line for shells and `man`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import assistant
from assistant import manual
from assistant.commands import dispatch
from assistant.errors import SettingsError
from assistant.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="none: which there are")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--bash", action="store_true", help="print the completion for bash")
    forms.add_argument("--zsh", action="store_true", help="print the completion for zsh")
    forms.add_argument("--man", action="store_true", help="print the manual page, for `man -l -`")


def run(parsed: argparse.Namespace, _settings: Settings) -> int:
    """Print it. Raises SettingsError for a topic that there is not."""
    if parsed.bash:
        print(manual.bash(dispatch.whole_parser()), end="")
    elif parsed.zsh:
        print(manual.zsh(dispatch.whole_parser()), end="")
    elif parsed.man:
        print(manual.man(dispatch.whole_parser(), version("sotto-voice")), end="")
    elif parsed.topic is None:
        print("sotto help TOPIC, where TOPIC is one of")
        for name, path in topics():
            print(f"  {name:<16}{_title(path)}")
        print("sotto COMMAND --help says what a command takes")
    else:
        found = dict(topics()).get(parsed.topic)
        if found is None:
            raise SettingsError(
                f"no document is about {parsed.topic!r}; there are "
                + ", ".join(name for name, _ in topics())
            )
        print(found.read_text("utf-8"), end="")
    return 0


def topics() -> Iterator[tuple[str, Path]]:
    """The documents: name and file. They lie in the package, or beside it in a working copy."""
    package = Path(assistant.__file__).parent
    places = (package / "docs", package.parent / "docs")
    folder = next((place for place in places if place.is_dir()), places[0])
    for path in sorted(folder.glob("*.md")):
        yield path.stem, path


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return lines.readline().lstrip("# ").strip()
