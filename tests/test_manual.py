"""Completion and the manual page say what the parser takes, and shells can read them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from cli import here as sotto

from assistant import manual
from assistant.commands import dispatch, help  # noqa: A004

PARSER = dispatch.whole_parser()
TREE = list(manual.commands(PARSER))


def bash(*words: str) -> list[str]:
    """What bash offers after these words, the last of which is being typed."""
    line = " ".join(f"'{word}'" for word in words)
    script = manual.bash(PARSER) + (
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _sotto; "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_every_command_and_option_of_the_parser_is_in_each_form():
    texts = {"bash": manual.bash(PARSER), "zsh": manual.zsh(PARSER)}
    page = manual.man(PARSER, "1.2.3").replace("\\-", "-")
    assert {one.place[0] for one in TREE if one.place} == set(dispatch.COMMANDS)
    for one in TREE:
        place = "".join(f" {word}" for word in one.place)
        offered = {
            "bash": _line(texts["bash"], f'"{place}") words='),
            "zsh": _line(texts["zsh"], f'("{place}") found=('),
        }
        options = [name for option in one.options for name in option.names]
        for name in (*options, *(name for name, _ in one.below)):
            assert all(name in line for line in offered.values()), (one.place, name)
        assert not one.place or f".SS sotto{place}" in page
        assert all(name in page for name in options)


def _line(text: str, beginning: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(beginning))


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("sotto", "pol"), ["policy"]),
        (("sotto", "policy", "che"), ["check"]),
        (("sotto", "policy", "consent", "g"), ["give"]),
        (("sotto", "--log-level", ""), ["debug", "info", "warning", "error"]),
        (("sotto", "--json", "models", "fe"), ["fetch"]),
        (("sotto", "run", "--recog"), ["--recognizer"]),
        (("sotto", "run", "--recognizer", "wh"), ["whisper"]),
        (("sotto", "run", "--things", ""), []),  # a file: bash's own
    ],
)
def test_bash_offers_what_fits(words, offered):
    assert bash(*words) == offered


@pytest.mark.parametrize("shell", ["zsh", "bash"])
def test_a_shell_can_read_the_form_for_zsh(shell):
    """bash reads its quotes, brackets and words in the same way."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    text = manual.zsh(PARSER)
    assert text.startswith("#compdef sotto\n")
    done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_manual_page_is_one():
    page = manual.man(PARSER, "1.2.3")
    line = ["groff", "-man", "-Tutf8", "-ww", "-Wbreak"]
    done = subprocess.run(line, input=page.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout.decode())
    assert "sotto policy consent give" in text
    assert "/etc/sotto/settings.yaml" in text


def test_help_names_every_document_and_prints_it():
    assert sotto("help").status == 0
    names = [name for name, _ in help.topics()]
    assert "policies" in names
    for name, path in help.topics():
        done = sotto("help", name)
        assert (done.status, done.out) == (0, path.read_text("utf-8"))


def test_a_document_that_there_is_not_is_an_error_that_names_those_there_are():
    done = sotto("help", "elephants")
    assert done.status == 2
    assert "policies" in done.err


def test_what_is_printed_for_shells_is_what_was_tested():
    assert sotto("help", "--bash").out == manual.bash(PARSER)
    assert sotto("help", "--zsh").out == manual.zsh(PARSER)
    assert sotto("help", "--man").out.startswith(".TH SOTTO 1")
