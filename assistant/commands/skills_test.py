"""`sotto skills test` and `install-check`: says a skill's sentences to the whole pipeline."""

from __future__ import annotations

import argparse
import asyncio
import json
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from assistant import build, state
from assistant.commands.skills_found import Everything, asked, said
from assistant.events import Event, Understood
from assistant.household import Household
from assistant.parts import Parts
from assistant.private import Private
from assistant.runtime import Assistant, understood
from assistant.settings import Settings
from assistant.skill import Ask, Reply
from assistant.types import RedactedIntent, Transcript
from pipeline.detectors import find_all
from pipeline.intents import IntentParser
from pipeline.redact import redact
from pipeline.sources.file import FileSource
from plugins.catalogue import Installed
from plugins.samples import samples
from plugins.simulated import SimulatedHouse
from policies.decide import decide

FAILED = 1


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one sentence, text or recording."""

    text: str
    """The template, the text, or the name of the recording."""
    intent: str | None
    """What was understood where it was not what was wanted, else what was."""
    ok: bool
    example: str = ""
    """The words of a template that were understood otherwise."""
    slots: str = ""
    redacted: str = ""
    """What was left of the words, where that is why they were lost."""


class _Quiet:
    """Skills that do nothing: only what is understood is looked at."""

    async def handle(
        self,
        intent: RedactedIntent,
        ask: Ask | None = None,
        opened: Mapping[str, str] | None = None,
    ) -> Reply:
        return Reply()

    def misunderstood(self) -> Reply:
        return Reply()

    async def run(self, announce: Callable[[Reply], None]) -> None:
        await asyncio.Event().wait()


def test(
    skill: Installed, parsed: argparse.Namespace, settings: Settings, found: Everything
) -> int:
    """Try every sentence in several ways, and what else was asked for; 1 if one is lost."""
    mind = _mind(skill, settings, found)
    tried = [*_sentences(skill, mind), *(_text(skill, mind, text) for text in parsed.say)]
    if parsed.audio:
        tried += asyncio.run(_recordings(skill, mind, parsed, settings))
    if parsed.json:
        print(json.dumps([asdict(one) for one in tried]))
    else:
        for one in tried:
            print(_line(one))
    return 0 if all(one.ok for one in tried) else FAILED


def install_check(
    skill: Installed, parsed: argparse.Namespace, settings: Settings, found: Everything
) -> int:
    """Say what a skill asks for and what speaks against it; 1 if something does."""
    against = [*_against(skill, found)]
    mind = _mind(skill, settings, found)
    against += [
        f'"{one.example}" is understood as {one.intent or "nothing"}'
        for one in _sentences(skill, mind)
        if not one.ok
    ]
    if parsed.json:
        print(json.dumps({"asks": dict(asked(skill)), "against": against}))
        return FAILED if against else 0
    print(f"{skill.skill.name} ({skill.source})")
    for label, text in (*asked(skill), *(("AGAINST IT", line) for line in against)):
        print(f"  {label:<12}{text}")
    if not against:
        print("  ok          it can be installed; your policy decides what it may open")
    return FAILED if against else 0


def _mind(skill: Installed, settings: Settings, found: Everything) -> build.Mind:
    """What understands, with this skill's sentences and those of the others."""
    others = [
        file
        for other in found.catalogue.skills
        if other.skill.name != skill.skill.name
        for file in other.files
    ]
    files = (*found.files, *others, *skill.files)
    finding = build.detectors(settings, found.things, files)
    parts = Parts(
        detectors=lambda: finding,
        parser=IntentParser(files, found.things, settings.home.area),
        decide=partial(decide, things=found.things.entities),
        skills=_Quiet(),
    )
    return build.Mind(Household(found.things, SimulatedHouse(found.things), files), parts)


def _sentences(skill: Installed, mind: build.Mind) -> Iterator[Tried]:
    """Each template, said in several ways; the first that is lost is shown."""
    house = {
        name: tuple(value.text for value in values) for name, values in mind.things.lists().items()
    }
    results: dict[tuple[str, str], Tried] = {}
    for intent, template, text in samples(skill.files, house):
        before = results.get((intent, template))
        if before is not None and not before.ok:
            continue
        redacted, got = _understand(mind, text)
        lost = redacted if redacted != text and got.name != intent else ""
        results[intent, template] = Tried(
            template, got.name, got.name == intent, text, redacted=lost
        )
    yield from results.values()


def _text(skill: Installed, mind: build.Mind, text: str) -> Tried:
    _, got = _understand(mind, text)
    return _judged(skill, text, got)


def _judged(skill: Installed, text: str, got: Understood | None) -> Tried:
    if got is None or got.name is None:
        return Tried(text, None, ok=False)
    slots = " ".join(f"{name}={value!r}" for name, value in got.slots.items())
    return Tried(text, got.name, got.name in said(skill), slots=slots)


def _understand(mind: build.Mind, text: str) -> tuple[str, Understood]:
    """What is left of a text, redacted as speech is, and what that means."""
    transcript = Transcript(1, Private(text), 1.0)
    redacted, originals = redact(transcript, find_all(mind.parts.detectors(), transcript))
    originals.forget()
    return redacted.text, understood(1, mind.parts.parser.parse(redacted))


async def _recordings(
    skill: Installed, mind: build.Mind, parsed: argparse.Namespace, settings: Settings
) -> list[Tried]:
    """Hear every recording as one utterance each. Raises SourceError for one that is no sound."""
    events: list[Event] = []
    ear = build.ear(settings, mind, state.directory(parsed.state), wake=False)
    assistant = Assistant(ear, mind.parts, events.append)
    tried = []
    for path in parsed.audio:
        events.clear()
        await assistant.replay(FileSource(path), str(path), open_at_once=True)
        got = [event for event in events if isinstance(event, Understood)]
        tried.append(_judged(skill, path.name, got[-1] if got else None))
    return tried


def _line(one: Tried) -> str:
    if one.ok:
        meaning = "" if one.example else f"  ->  {one.intent} {one.slots}".rstrip()
        return f"ok    {one.text}{meaning}"
    words = f' ("{one.example}")' if one.example else ""
    why = f', redacted to "{one.redacted}"' if one.redacted else ""
    return f"LOST  {one.text}{words}  ->  {one.intent or 'nothing'}{why}"


def _against(skill: Installed, found: Everything) -> Iterator[str]:
    """What can be seen without saying a word."""
    name = skill.skill.name
    for other in (*found.built_in, *found.catalogue.skills):
        if other.skill.name == name and other != skill and other.source != skill.source:
            yield f"there is a skill {name} already ({other.source})"
        shared = set(other.intents) & set(skill.intents)
        if other.skill.name != name and shared:
            yield f"{', '.join(sorted(shared))}: answered by skill {other.skill.name} already"
    for path in _written(skill):
        mode = path.stat().st_mode
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield f"{path}: others than you may write it; chmod go-w"


def _written(skill: Installed) -> Sequence[Path]:
    path = Path(skill.source)
    return [path, path.parent] if path.is_file() else []
