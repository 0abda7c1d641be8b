"""Finds the skill that is meant: an installed one, a file, or a project's directory."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ManifestError
from assistant.settings import Settings
from assistant.skill import Skill
from pipeline.sentences import SentenceFile, built_in, load_sentences
from pipeline.things import Things, load_things
from plugins.builtin import make_host
from plugins.catalogue import GROUP, Catalogue, Installed, catalogue, read
from plugins.described import sentences_of
from plugins.host import Host
from plugins.manifest import read_manifest


@dataclass(frozen=True, slots=True)
class Everything:
    """The house, all sentences that don't come from a skill, and every skill."""

    things: Things
    files: Sequence[SentenceFile]
    host: Host
    built_in: tuple[Installed, ...]
    catalogue: Catalogue


def everything(settings: Settings) -> Everything:
    """Load it. What is wrong with a skill is in the catalogue; other errors are raised."""
    things = load_things(settings.home.things)
    files = (*built_in(), *load_sentences(settings.home.sentences))
    host = make_host(things, files)
    intents: dict[str, list[str]] = {}
    for intent, name in host.taken.items():
        intents.setdefault(name, []).append(intent)
    ours = tuple(
        Installed(Skill(name), "built in", "built in", (), None, tuple(theirs))
        for name, theirs in sorted(intents.items())
    )
    found = catalogue(settings.skills.directory, host.taken)
    return Everything(things, files, host, ours, found)


def wanted(named: str, found: Everything) -> Installed:
    """The skill of this name, or in this file or directory. Raises ManifestError."""
    for skill in (*found.built_in, *found.catalogue.skills):
        if skill.skill.name == named:
            return skill
    path = Path(named)
    if path.is_dir():
        return _project(path)
    if path.is_file():
        return read(path)
    broken = [line for line in found.catalogue.problems if named in line]
    if broken:
        raise ManifestError(broken[0])
    raise ManifestError(f"there is no skill, file or directory {named}; see `sotto skills list`")


def said(skill: Installed) -> dict[str, list[str]]:
    """By intent, the templates of a skill."""
    sentences: dict[str, list[str]] = {intent: [] for intent in skill.intents}
    for file in skill.files:
        for intent, values in file.values["intents"].items():
            for block in values["data"]:
                sentences.setdefault(intent, []).extend(block["sentences"])
    return sentences


def asked(skill: Installed) -> Sequence[tuple[str, str]]:
    """What a skill may see and do, a line each."""
    manifest = skill.skill
    if skill.kind == "built in":
        return [("runs", "inside Sotto")]
    if skill.cloud is not None:
        return [
            ("answers", f"elsewhere: {skill.cloud.destination}, and gets what the policy shares"),
            ("otherwise", skill.cloud.fallback),
        ]
    if skill.entry is None:
        return [("runs", "no code: it is answered from its own replies")]
    opens = [("opens", f"{slot}: {why}") for slot, why in manifest.opens.items()]
    if opens and manifest.hosts:
        opens = [("opens", "nothing, though it asks to: it names a host, which could be told")]
    return [
        ("runs", f"in a process of its own, {manifest.timeout:g} s for a reply"),
        *(opens or [("opens", "nothing: what is private stays a placeholder")]),
        ("reaches", ", ".join(manifest.hosts) or "no host"),
        ("keeps", f"{manifest.storage} bytes" if manifest.storage else "nothing"),
    ]


def _project(directory: Path) -> Installed:
    """The skill of a project that may not be installed yet."""
    place = directory / "pyproject.toml"
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
        points = values["project"]["entry-points"][GROUP]
        ((name, entry),) = points.items()
        module, _, attribute = entry.partition(":")
    except OSError as error:
        raise ManifestError(f"{place}: {error.strerror or 'cannot be read'}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ManifestError(
            f'{place}: expected one entry under [project.entry-points."{GROUP}"]'
        ) from None
    inner = Path(*module.split("."))
    for base in (directory, directory / "src"):
        for path in (base / inner / "__init__.py", base / inner.with_suffix(".py")):
            if path.is_file():
                skill = read_manifest(path, attribute or None)
                if skill.name != name:
                    raise ManifestError(
                        f"{place}: the entry is called {name}, the skill {skill.name}"
                    )
                files = sentences_of(skill, path.parent)
                return Installed(skill, "package", str(path), files, entry, tuple(skill.handlers))
    raise ManifestError(f"{place}: there is no module {module} here, nor in src")
