"""Installed skills: found without running them; the broken ones named and left out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from sandbox.caged import until

from assistant.skill import Intent, Reply
from assistant.types import Choice, RedactedIntent, RedactedTranscript
from pipeline.intents import IntentParser
from pipeline.sentences import built_in
from pipeline.things import load_things
from plugins.builtin import make_host
from plugins.catalogue import catalogue
from plugins.outside import confined
from plugins.sandbox.confined import Confined
from plugins.sandbox.supervisor import Supervisor

EXAMPLES = Path(__file__).parent.parent / "examples" / "skills"
SKILL = """
from assistant import Intent, Reply, Skill
skill = Skill("{name}", sentences={{"{intent}": ["{sentence}"]}})
@skill.on("{intent}")
async def answer(intent: Intent) -> Reply: return Reply("{name}")
"""


@pytest.fixture
def directory(tmp_path):
    place = tmp_path / "skills"
    shutil.copytree(EXAMPLES, place)
    return place


def add(directory: Path, name: str, intent: str, sentence: str) -> None:
    text = SKILL.format(name=name, intent=intent, sentence=sentence)
    (directory / f"{name}.py").write_text(text)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package with an entry point, as pip would."""
    site = tmp_path / "site"
    site.mkdir()

    def install(name: str, entry: str, text: str) -> None:
        (site / f"{name}.py").write_text(text)
        info = site / f"{name}_dist-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[sotto.skills]\n{name} = {entry}\n")
        monkeypatch.syspath_prepend(str(site))

    return install


def test_python_files_and_yaml_files_in_a_directory_are_skills(directory):
    found = catalogue(directory)
    assert found.problems == found.clashes == ()
    assert {one.skill.name: one.kind for one in found.skills} == {
        "phone": "file",
        "coffee": "sentences",
    }
    assert found.answers == {"PlaceCall": "phone", "EndCall": "phone"}


async def test_a_skill_without_code_is_answered_from_its_replies(directory):
    files = (*built_in(), *catalogue(directory).files)
    things = load_things(None)
    said = RedactedTranscript(1, "make me a strong latte with 3 cups", (), 1.0)
    intent = IntentParser(files, things).parse(said)
    assert intent is not None
    reply = await make_host(things, files).handle(intent)
    assert reply == Reply("One strong latte for 3 cups, coming up.")


def test_a_package_is_found_by_its_entry_point_and_not_imported(install, tmp_path):
    trace = tmp_path / "imported"
    text = SKILL.format(name="kiosk", intent="Open", sentence="open the kiosk")
    install("kiosk", "kiosk:skill", f"open({str(trace)!r}, 'w')\n{text}")
    (found,) = catalogue(None).skills
    assert (found.skill.name, found.kind, found.source) == ("kiosk", "package", "kiosk-dist 1.0")
    assert found.entry == "kiosk:skill"
    assert not trace.exists()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("nowhere:skill", "no such file or package"),
        ("kiosk", "expected module:attribute"),
        ("kiosk:other", r"expected other = Skill"),
        ("../../x:y", "expected module:attribute"),
    ],
)
def test_a_broken_package_is_named_with_the_reason(install, entry, reason):
    text = SKILL.format(name="kiosk", intent="Open", sentence="open the kiosk")
    install("kiosk", entry, text)
    found = catalogue(None)
    assert found.skills == ()
    (problem,) = found.problems
    assert problem.startswith("kiosk-dist 1.0: ")
    assert re.search(reason, problem)


def test_broken_files_are_left_out_and_the_others_go_on(directory):
    (directory / "a.py").write_text("skill = (")
    (directory / "b.yaml").write_text("intents: {Tea: {data: [{sentences: ['brew {tea}']}]}}")
    (directory / "c.yaml").write_text("intents: {Tea: {data: [{sentences: ['brew tea']}]}}")
    (directory / "d.yaml").write_text("{}")
    (directory / "notes.txt").write_text("not a skill")
    (directory / "_private.py").write_text("not a skill")
    add(directory, "e", "Boil", "boil [the kettle")
    found = catalogue(directory)
    assert {one.skill.name for one in found.skills} == {"phone", "coffee"}
    assert len(found.problems) == 5
    for file, reason in {
        "a.py:1": "never closed",
        "b.yaml:1": "no list {tea}",
        "c.yaml": "nothing answers Tea; add responses",
        "d.yaml": "there are no sentences",
        "skill e": "not closed",
    }.items():
        assert any(file in line and reason in line for line in found.problems), file


def test_a_directory_that_is_missing_is_said():
    (problem,) = catalogue(Path("/nonexistent/skills")).problems
    assert problem == "/nonexistent/skills: No such file or directory (skills.directory)"


def test_two_skills_of_one_name_are_said_and_the_first_counts(directory):
    text = (directory / "phone.py").read_text()
    (directory / "telephone.py").write_text(text)
    found = catalogue(directory)
    (problem,) = found.problems
    assert "telephone.py: there is a skill phone already, from " in problem


def test_two_skills_that_claim_one_intent_or_sentence_are_named(directory):
    add(directory, "bell", "PlaceCall", "sound the bell")
    add(directory, "horn", "SoundHorn", "(sound|ring) the [big] bell")
    add(directory, "lights", "HassTurnOn", "let there be light")
    found = catalogue(directory, {"HassTurnOn": "things"})
    assert "skills bell and phone both answer PlaceCall: bell does" in found.clashes
    assert "skills things and lights both answer HassTurnOn: things does" in found.clashes
    assert 'skills bell and horn both claim the sentence "sound the bell"' in found.clashes
    assert len(found.clashes) == 3
    assert found.answers["PlaceCall"] == "bell"


class Elsewhere:
    """Stands for the sandbox."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    async def handle(self, name, intent, opened=None, ask=None):
        self.asked.append((name, intent.name, dict(opened or {})))
        return Reply(f"{name} heard {await ask('Sure?', ('yes', 'no'), 8.0)}")


async def test_the_code_of_a_skill_runs_outside_with_what_was_opened(directory):
    found = catalogue(directory)
    outside = Elsewhere()
    host = make_host(
        load_things(None),
        (*built_in(), *found.files),
        outside=outside,
        answers=found.answers,
    )

    async def ask(text, expect, seconds):
        assert (text, expect, seconds) == ("Sure?", ("yes", "no"), 8.0)
        return "yes"

    intent = RedactedIntent(1, "PlaceCall", {"person": Choice("grandma")})
    assert host.answerer("PlaceCall") == "phone"
    reply = await host.handle(intent, ask, {"PERSON_1": "Ada"})
    assert reply == Reply("phone heard yes")
    assert outside.asked == [("phone", "PlaceCall", {"PERSON_1": "Ada"})]


async def test_a_skill_never_takes_an_intent_from_a_built_in_one(directory):
    add(directory, "lights", "HassNevermind", "leave it be")
    found = catalogue(directory)
    outside = Elsewhere()
    host = make_host(load_things(None), built_in(), outside=outside, answers=found.answers)
    assert host.answerer("HassNevermind") == "basics"
    await host.handle(RedactedIntent(1, "HassNevermind", {}))
    assert outside.asked == []


def test_the_sandbox_is_told_what_the_manifest_asks_for(directory, tmp_path):
    (made,) = confined(catalogue(directory).skills, tmp_path)
    assert made == Confined(
        name="phone",
        entry=str((directory / "phone.py").resolve()),
        directory=tmp_path / "skills" / "phone",
        storage=64_000,
        seconds=4.0,
    )


async def test_installed_skills_answer_from_their_sandbox(directory, install, tmp_path):
    text = SKILL.format(name="kiosk", intent="OpenKiosk", sentence="open the kiosk")
    install("kiosk", "kiosk:skill", text)
    found = catalogue(directory)
    questions = []

    async def ask(text, expect, seconds):
        questions.append((text, expect))
        return "yes"

    async def perform(request):
        raise AssertionError("nothing is fetched")

    async with Supervisor(confined(found.skills, tmp_path), perform) as outside:
        for name in ("phone", "kiosk"):
            skill = outside.skill(name)
            await until(lambda skill=skill: skill.is_up)
        host = make_host(load_things(None), built_in(), outside=outside, answers=found.answers)
        wanted = RedactedIntent(1, "PlaceCall", {"person": Choice("grandma")})
        reply = await host.handle(wanted, ask)
        assert reply == Reply("I would call grandma on the landline, but I have no phone.")
        assert await host.handle(RedactedIntent(2, "OpenKiosk", {})) == Reply("kiosk")
    assert questions == [("Shall I call grandma?", ("yes", "no"))]


def test_an_intent_of_a_test_is_made_of_plain_values():
    intent = Intent.of("Brew", drink="tea", cups=2)
    assert dict(intent) == {"drink": "tea", "cups": 2}
    assert (intent.number("cups"), intent.opened("drink")) == (2.0, None)
