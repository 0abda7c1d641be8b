"""`sotto skills`, and every example of docs/skills.md."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cli import here, one_line

from assistant.skill import Intent, Reply, Skill
from assistant.types import Choice, Placeholder
from plugins.catalogue import read

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples" / "skills"
DOCS = (ROOT / "docs" / "skills.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
BROKEN = 'from assistant import Skill\n\nskill = Skill(name="broken", colour="red")\n'


def skill_in(text: str) -> Skill:
    """Run an example; the skill that it makes."""
    names: dict[str, object] = {}
    exec(compile(text, "example", "exec"), names)
    (skill,) = (value for value in names.values() if isinstance(value, Skill))
    return skill


@pytest.fixture
def examples(tmp_path, monkeypatch):
    """The files of the documentation, in the directory that its commands run in."""
    monkeypatch.chdir(tmp_path)
    for kind, text in BLOCKS:
        if kind == "python" and (name := re.search(r'name="(\w+)"', text)):
            (tmp_path / f"{name[1]}.py").write_text(text)
        if kind == "yaml" and "intents:" in text:
            (tmp_path / "tea.yaml").write_text(text)
    (tmp_path / "broken.py").write_text(BROKEN)
    return tmp_path


class TestDocumentation:
    def test_every_command_prints_what_is_shown(self, examples):
        count = 0
        for kind, text in BLOCKS:
            if kind != "console":
                continue
            for command, shown in re.findall(r"^\$ sotto (.*)\n((?:(?!\$ ).*\n)*)", text, re.M):
                ran = here(*shlex.split(command))
                assert ran.out + ran.err == shown, command
                count += 1
        assert count == 7

    def test_every_python_example_is_a_skill_that_can_be_installed(self, examples):
        names = {path.stem for path in examples.glob("*.py")} - {"broken"}
        assert names == {"lamp", "garage", "phone"}
        for name in names:
            assert read(examples / f"{name}.py").skill.name == name

    async def test_the_handlers_answer(self):
        lamp, garage, phone = (skill_in(text) for text in PYTHON if "Skill(" in text)
        lit = await lamp.handlers["LampOn"](Intent.of("LampOn", lamp="lantern"))
        assert lit == Reply("The lantern is white.")

        async def yes(text, expect, seconds):
            return "yes"

        wash = garage.handlers["WashCar"]
        assert await wash(Intent("WashCar", asking=yes)) == Reply("With wax.")
        assert await wash(Intent("WashCar")) == Reply("Then I leave it.")
        hidden = {"person": Placeholder("PERSON_1", "PERSON")}
        call = phone.handlers["PlaceCall"]
        opened = Intent("PlaceCall", hidden, originals={"PERSON_1": "Ada"})
        assert await call(opened) == Reply("Calling PERSON_1.")
        assert "Ada" not in repr(opened)
        closed = Intent("PlaceCall", hidden)
        assert await call(closed) == Reply("I may not know whom you mean.")

    def test_the_other_examples_run(self):
        (plain,) = (text for text in PYTHON if "Skill(" not in text)
        exec(compile(plain, "example", "exec"), {})

    def test_the_settings_and_the_entry_point_are_as_shown(self, tmp_path):
        from assistant import settings_file
        from assistant.commands.skills_new import files

        shown = next(text for kind, text in BLOCKS if kind == "yaml" and "skills:" in text)
        path = tmp_path / "settings.yaml"
        path.write_text(shown)
        assert settings_file.load(path).skills.directory == Path("/etc/sotto/skills")
        entry = next(text for kind, text in BLOCKS if kind == "toml")
        assert entry in files("greeter")["pyproject.toml"]


class TestCommand:
    @pytest.fixture
    def config(self, tmp_path):
        directory = tmp_path / "skills"
        directory.mkdir()
        for path in EXAMPLES.iterdir():
            if path.is_file():
                (directory / path.name).write_bytes(path.read_bytes())
        (directory / "broken.py").write_text(BROKEN)
        path = tmp_path / "settings.yaml"
        path.write_text("skills: {directory: skills}\n")
        return path

    def test_list_shows_every_skill_and_what_is_left_out(self, config):
        ran = here("skills", "list", "--config", config)
        assert (ran.status, ran.err) == (0, "")
        lines = ran.out.splitlines()
        assert any(line.startswith("alarms ") and line.endswith("built in") for line in lines)
        assert any(line.startswith("phone ") and "2 intents" in line for line in lines)
        assert any(line.startswith("left out") and "broken.py:3" in line for line in lines)

    def test_list_is_json_for_programs(self, config):
        listed = json.loads(here("skills", "list", "--json", "--config", config).out)
        by_name = {skill["name"]: skill for skill in listed["skills"]}
        assert by_name["phone"]["opens"] == {"person": "to find the number in your contacts"}
        assert by_name["coffee"]["kind"] == "sentences"
        assert len(listed["left_out"]) == 1

    def test_an_installed_skill_is_named_by_its_name(self, config):
        assert "PlaceCall" in here("skills", "info", "phone", "--config", config).out
        assert "inside Sotto" in here("skills", "info", "clock", "--config", config).out
        ran = here("skills", "info", "broken", "--config", config)
        assert ran.status == 1
        assert one_line(ran.err)
        assert "broken.py:3: colour" in ran.err

    def test_a_sentence_that_another_skill_takes_is_lost(self, tmp_path):
        path = tmp_path / "lamp.py"
        path.write_text(
            "from assistant import Intent, Reply, Skill\n"
            'skill = Skill("lamp", {"Other": ["what time is it", "lamp time"]})\n'
            '@skill.on("Other")\nasync def other(intent: Intent) -> Reply: return Reply()\n'
            '@skill.on("HassNevermind")\nasync def o(intent: Intent) -> Reply: return Reply()\n'
        )
        ran = here("skills", "test", path, "--say", "turn on the kitchen light")
        assert ran.status == 1
        assert "ok    lamp time" in ran.out
        assert "LOST  turn on the kitchen light  ->  HassTurnOn" in ran.out
        path.chmod(0o666)
        checked = here("skills", "install-check", path)
        assert checked.status == 1
        assert "HassNevermind: answered by skill basics already" in checked.out
        assert "others than you may write it" in checked.out

    def test_a_sentence_that_is_redacted_says_so(self, tmp_path):
        path = tmp_path / "mail.yaml"
        path.write_text(
            "intents: {Mail: {data: [{sentences: ['my number is 555 0100 123']}]}}\n"
            "responses: {intents: {Mail: {default: Done}}}\n"
        )
        ran = here("skills", "test", path)
        assert ran.status == 1
        assert re.search(r'->  nothing, redacted to "my number is PHONE_NUMBER_1"', ran.out)

    def test_a_recording_is_heard(self, recordings, tmp_path):
        path = tmp_path / "more.yaml"
        path.write_text("intents: {HassTurnOn: {data: [{sentences: ['let {name} shine']}]}}\n")
        ran = here(
            "skills", "test", path, "--state", tmp_path,
            "--audio", recordings / "cmd_light_on.flac",
        )  # fmt: skip
        assert "ok    cmd_light_on.flac  ->  HassTurnOn name='Kitchen Light'" in ran.out

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            (["new", "Bad Name"], "a skill's name is small letters"),
            (["new", "greeter", "--directory", "."], "there is something already"),
            (["test", "nothing"], "there is no skill, file or directory nothing"),
            (["info", "."], "pyproject.toml"),
        ],
    )
    def test_wrong_use_is_one_line(self, tmp_path, monkeypatch, words, reason):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "notes.txt").write_text("")
        ran = here("skills", *words)
        assert ran.status == 1
        assert reason in ran.err
        assert one_line(ran.err)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    place = tmp_path_factory.mktemp("author") / "greeter"
    assert here("skills", "new", "greeter", "--directory", place).status == 0
    return place


class TestAuthors:
    """A project of somebody else's: new, tested, and type-checked."""

    def environment(self, project: Path) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{project}"}

    def test_its_own_test_passes(self, project):
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p"]
        done = subprocess.run(
            [*command, "no:asyncio"],
            cwd=project,
            env=self.environment(project),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    def test_it_and_the_examples_type_check_strictly(self, project, tmp_path):
        """Sotto lies in a site directory as a wheel lays it, so `py.typed` is what counts."""
        site = tmp_path / "site"
        site.mkdir()
        (site / "assistant").symlink_to(ROOT / "assistant")
        wrong = tmp_path / "wrong.py"
        wrong.write_text(
            "from assistant import Intent, Reply, Skill\n\n"
            'skill = Skill("wrong", timeout="long")\n\n\n'
            '@skill.on("Any")\n'
            "def not_awaitable(intent: Intent) -> Reply:\n"
            "    return Reply(5)\n"
        )
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-pretty"]
        files = [EXAMPLES / "phone.py", project / "sotto_greeter" / "__init__.py", wrong]
        done = subprocess.run(
            [*command, *map(str, files)],
            cwd=tmp_path,
            env={**self.environment(project), "MYPYPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
        )
        errors = [line for line in done.stdout.splitlines() if ": error:" in line]
        assert [re.findall(r"\[([\w-]+)\]$", line)[0] for line in errors] == [
            "arg-type",
            "arg-type",
            "arg-type",
        ]
        assert all(line.startswith("wrong.py:") for line in errors)
        assert (ROOT / "assistant" / "py.typed").is_file()


async def test_the_phone_example_asks_back():
    phone = skill_in((EXAMPLES / "phone.py").read_text())
    answers = iter(["yes", None])

    async def ask(text, expect, seconds):
        assert (text, expect) == ("Shall I call grandma?", ("yes", "no"))
        return next(answers)

    intent = Intent("PlaceCall", {"person": Choice("grandma")}, asking=ask)
    call = phone.handlers["PlaceCall"]
    assert (await call(intent)).text == "I would call grandma on the landline, but I have no phone."
    assert await call(intent) == Reply("Then I don't call.")
