"""The manifest of a skill is read without running its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.errors import AssistantError, ManifestError
from plugins.catalogue import read
from plugins.manifest import read_manifest

EXAMPLES = Path(__file__).parent.parent / "examples" / "skills"
HEAD = "from assistant import Intent, Reply, Skill\n"
HANDLER = '\n@skill.on("Brew")\nasync def brew(intent: Intent) -> Reply:\n    return Reply()\n'


@pytest.fixture
def write(tmp_path):
    def write(arguments: str, after: str = HANDLER, before: str = "") -> Path:
        path = tmp_path / "brew.py"
        path.write_text(f"{HEAD}{before}\nskill = Skill({arguments})\n{after}")
        return path

    return write


def test_everything_in_a_manifest_is_read():
    skill = read_manifest(EXAMPLES / "phone.py")
    assert skill.name == "phone"
    assert list(skill.handlers) == ["PlaceCall", "EndCall"]
    assert skill.opens == {"person": "to find the number in your contacts"}
    assert (skill.hosts, skill.storage, skill.timeout) == ((), 64_000, 4.0)


def test_nothing_of_a_skill_is_run(write, tmp_path):
    trace = tmp_path / "trace"
    before = f"open({str(trace)!r}, 'w').write('run')\n"
    assert read_manifest(write('"brew"', before=before)).name == "brew"
    assert not trace.exists()


def test_a_manifest_may_name_values_of_its_file(write):
    before = 'DRINKS = ["tea", "coffee"]\nBREW = "Brew"\n'
    after = "\n@skill.on(BREW)\nasync def brew(intent):\n    ...\n"
    path = write('name="brew", choices={"drink": DRINKS}', after, before)
    skill = read_manifest(path)
    assert skill.choices == {"drink": ("tea", "coffee")}
    assert list(skill.handlers) == ["Brew"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("", "name is missing"),
        ('"Brew it"', "name: small letters, digits, - and _"),
        ('name="brew", colour="red"', "colour: there is no such argument; there are name,"),
        ('name="brew", **more', r"write every argument out, without \* or \*\*"),
        ('name="br" + ew()', "name: write plain values; a manifest is read without running"),
        ('name="brew", timeout=90', "timeout: input should be less than or equal to 30"),
        ('name="brew", storage=-1', "storage: input should be greater than or equal to 0"),
        ('name="brew", hosts=["http://x/"]', r"hosts\.0: expected a host such as"),
        ('name="brew", opens={"who": ""}', r"opens\.who: string should have at least 1"),
        ('name="brew", sentences="../../etc/passwd"', "sentences: expected templates by intent"),
        ('name="brew", sentences={"Boil": ["boil it"]}', "sentences for Boil, but no handler"),
        ('name="brew", sentences={"Brew": "brew it"}', "Brew: input should be a valid tuple"),
    ],
)
def test_a_broken_manifest_is_one_line_with_file_and_key(write, arguments, reason):
    with pytest.raises(ManifestError, match=reason) as raised:
        read_manifest(write(arguments))
    assert "brew.py:3" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("skill = (", r"brew\.py:1: '\(' was never closed"),
        ("x = 1", "expected one .* found 0"),
        ('a = Skill("a")\nb = Skill("b")', "found 2"),
        ('skill = Skill("a")', "has no handler"),
        ('skill = Skill("a")\nskill.on("B")(f)\nskill.on("B")(g)', r":3: two handlers for B"),
        ('skill = Skill("a")\nskill.on(b())(f)', r":2: name the intents of .on"),
        ("x = '\0'", "source code string cannot contain null bytes|not a Python file"),
        ("(" * 5000, "too many nested|not a Python file|never closed"),
    ],
)
def test_a_file_that_is_no_skill_is_one_line(tmp_path, text, reason):
    path = tmp_path / "brew.py"
    path.write_text(text)
    with pytest.raises(ManifestError) as raised:
        read_manifest(path)
    assert re.search(reason, str(raised.value))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_missing_or_of_another_kind_is_one_line(tmp_path):
    for path in (tmp_path / "none.py", tmp_path / "none.yaml", tmp_path / "notes.txt"):
        with pytest.raises(AssistantError, match=path.name):
            read(path)
