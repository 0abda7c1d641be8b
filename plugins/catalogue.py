"""The skills that are installed: packages, and files in a directory. None of their code runs here.

What is broken is named with its file and the reason, and left out; the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import Final, Literal, TypeAlias

from assistant import strictyaml
from assistant.errors import AssistantError, ManifestError, SentencesError
from assistant.skill import Skill
from pipeline.sentences import SentenceFile, built_in
from plugins.clashes import shared_sentences
from plugins.cloud_file import CLOUD, read_cloud
from plugins.described import checked, sentences_of
from plugins.door.cloud import CloudSkill
from plugins.manifest import read_manifest
from plugins.sandbox.places import of_skill

GROUP: Final = "sotto.skills"
"""The entry-point group of skills."""
MOST: Final = 200
"""Skills; more are left out, and said to be."""

Kind: TypeAlias = Literal["built in", "package", "file", "sentences", "cloud"]
"""sentences: a YAML file alone, answered from its own reply templates; cloud: one that says where
it is answered."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A skill that can be used."""

    skill: Skill
    kind: Kind
    source: str
    """The distribution with its version, or the file."""
    files: tuple[SentenceFile, ...]
    entry: str | None
    """What the sandbox loads, `module:attribute` or a path; None: there is no code."""
    intents: tuple[str, ...]
    """Those that it answers."""
    cloud: CloudSkill | None = None
    """Who answers elsewhere; None: it is answered here."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was found."""

    skills: tuple[Installed, ...] = ()
    problems: tuple[str, ...] = ()
    """One line for each skill that is left out: its file and the reason."""
    clashes: tuple[str, ...] = ()
    """One line for each intent or sentence that two skills claim, with both names."""

    @property
    def files(self) -> tuple[SentenceFile, ...]:
        """The sentences of them all."""
        return tuple(file for installed in self.skills for file in installed.files)

    @property
    def cloud(self) -> tuple[CloudSkill, ...]:
        """Those that are answered elsewhere."""
        return tuple(one.cloud for one in self.skills if one.cloud is not None)

    @property
    def answers(self) -> dict[str, str]:
        """By intent, the name of the skill whose code answers it; of two, the first."""
        answers: dict[str, str] = {}
        for installed in self.skills:
            if installed.entry is not None:
                for intent in installed.intents:
                    answers.setdefault(intent, installed.skill.name)
        return answers


def openers_of(found: Catalogue) -> tuple[str, ...]:
    """The skills that ask to read what placeholders stand for, and name no host to tell it to."""
    return tuple(one.skill.name for one in found.skills if one.skill.opens and not one.skill.hosts)


def catalogue(directory: Path | None, taken: Mapping[str, str] | None = None) -> Catalogue:
    """Find every skill: packages first, then the directory, each in the order of their names.

    `taken`: by intent, the name of the built-in skill that answers it; it goes on doing so.
    """
    skills: dict[str, Installed] = {}
    problems: list[str] = []
    for found in (*_packages(), *_directory(directory)):
        if isinstance(found, str):
            problems.append(found)
        elif (first := skills.get(found.skill.name)) is not None:
            problems.append(
                f"{found.source}: there is a skill {found.skill.name} already, from {first.source}"
            )
        elif len(skills) >= MOST:
            problems.append(f"{found.source}: left out; there are {MOST} skills already")
        else:
            skills[found.skill.name] = found
    usable = tuple(skills.values())
    named = {name: installed.files for name, installed in skills.items()}
    clashes = (*_shared_intents(usable, taken or {}), *shared_sentences(named))
    return Catalogue(usable, tuple(problems), clashes)


def read(path: Path) -> Installed:
    """The skill in a .py or .yaml file. Raises ManifestError or SentencesError."""
    if path.suffix == ".py":
        skill = read_manifest(path)
        files = sentences_of(skill, path.parent)
        entry = str(path.resolve())
        return Installed(skill, "file", str(path), files, entry, tuple(skill.handlers))
    if path.suffix not in (".yaml", ".yml"):
        raise ManifestError(f"{path}: a skill is a .py or a .yaml file, or an installed package")
    return _sentences_alone(path)


def _sentences_alone(path: Path) -> Installed:
    """A skill that is a file of sentences. What it adds to built-in intents they answer."""
    name = path.stem.casefold().replace(" ", "_")
    document = strictyaml.load(path, SentencesError)
    if isinstance(document.values, dict) and CLOUD in document.values:
        cloud, file = read_cloud(document, name)
        return Installed(
            Skill(name), "cloud", str(path), (file,), None, tuple(cloud.sentences), cloud
        )
    (file,) = files = checked(document, name)
    known = {intent for other in built_in() for intent in other.values["intents"]}
    replies = file.values.get("responses", {}).get("intents", {})
    if not file.values["intents"]:
        raise ManifestError(f"{path}: there are no sentences in it; add them under intents:")
    for intent in file.values["intents"]:
        if intent not in known and intent not in replies:
            raise ManifestError(
                f"{path}: nothing answers {intent}; add responses: intents: {intent}: default:"
            )
    return Installed(Skill(name), "sentences", str(path), files, None, tuple(set(replies) - known))


def _directory(directory: Path | None) -> Iterator[Installed | str]:
    if directory is None:
        return
    try:
        paths = sorted(path for path in directory.iterdir() if path.name[0] not in "._")
    except OSError as error:
        yield f"{directory}: {error.strerror or 'cannot be read'} (skills.directory)"
        return
    used: set[str] = set()
    for path in sorted(paths, key=lambda path: path.suffix != ".py"):
        if path.suffix not in (".py", ".yaml", ".yml") or path.name in used:
            continue
        try:
            installed = read(path)
        except AssistantError as error:
            yield str(error)
            continue
        if isinstance(installed.skill.sentences, str):
            used.add(installed.skill.sentences)
        yield installed


def _packages() -> Iterator[Installed | str]:
    seen: set[str] = set()
    for distribution in sorted(distributions(), key=_title):
        if _title(distribution) in seen:  # a second copy further down the path is not imported
            continue
        seen.add(_title(distribution))
        for point in distribution.entry_points:
            if point.group == GROUP:
                yield _package(distribution, point)


def _package(distribution: Distribution, point: EntryPoint) -> Installed | str:
    source = f"{distribution.metadata['Name']} {distribution.version}"
    try:
        path = module_file(point.value)
        skill = read_manifest(path, point.attr)
        if skill.name != point.name:
            raise ManifestError(
                f"{path}: the skill is called {skill.name}, its entry point {point.name}"
            )
        files = sentences_of(skill, path.parent)
    except AssistantError as error:
        return f"{source}: {error}"
    return Installed(skill, "package", source, files, point.value, tuple(skill.handlers))


def module_file(entry: str) -> Path:
    """The file of `package.module:attribute`, found without importing any of it.

    Raises ManifestError or SandboxError if there is none.
    """
    name, _, attribute = entry.partition(":")
    if not attribute.isidentifier() or not all(part.isidentifier() for part in name.split(".")):
        raise ManifestError(f"entry point {entry}: expected module:attribute")
    top, *rest = name.split(".")
    path = of_skill(f"{top}:{attribute}")
    for part in rest:
        inner = path.parent / part
        path = inner / "__init__.py" if inner.is_dir() else inner.with_suffix(".py")
    if not path.is_file():
        raise ManifestError(f"entry point {entry}: {path} is missing")
    return path


def _title(distribution: Distribution) -> str:
    return str(distribution.metadata["Name"] or "").casefold()


def _shared_intents(skills: Sequence[Installed], taken: Mapping[str, str]) -> Iterator[str]:
    """Who claims an intent that another skill answers."""
    here = [(intent, one.skill.name) for one in skills if not one.cloud for intent in one.intents]
    there = [(intent, one.skill.name) for one in skills if one.cloud for intent in one.intents]
    owners: dict[str, str] = {}
    for intent, name in (*there, *taken.items(), *here):  # cloud skills are asked first
        first = owners.setdefault(intent, name)
        if first != name:
            yield f"skills {first} and {name} both answer {intent}: {first} does"
