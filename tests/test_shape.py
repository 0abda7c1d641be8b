"""Who may open what is private, and who may make the nouns that carry a promise."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("assistant", "pipeline", "plugins", "policies", "storage")

REVEALERS = {
    "assistant/commands/printing.py": "prints the raw text with --show-raw",
    "assistant/confirming.py": "reads the digits of a spoken PIN, and drops them",
    "assistant/opening.py": "opens to a skill what its manifest and the policy agree on",
    "pipeline/detectors/household.py": "looks for the household's words",
    "pipeline/detectors/names.py": "looks for names and what else its context makes private",
    "pipeline/detectors/rules.py": "looks for what has a spoken or written form",
    "pipeline/engines/presidio.py": "gives the text to Presidio's recognizers",
    "pipeline/engines/whisper.py": "hears the utterance",
    "plugins/wyoming/asr.py": "tells a peer its own words where a policy releases sound to it",
    "pipeline/reading_needs.py": "asks the parser which words a command needs",
    "pipeline/redact.py": "takes out what was found",
    "pipeline/redactor.py": "joins the segments of a conversation",
}
"""Every file that opens what somebody said, and what for. A new one needs a reason as good."""

KEPT = {
    "assistant/commands/data.py": "says how many seconds of sound a row holds",
    "pipeline/engines/flac.py": "writes kept sound out for the person it is of",
    "storage/rows.py": "packs a row that is about to be sealed",
}
"""Every file that opens what is kept."""

KEYS = {
    "assistant/commands/keys.py": "prints the recovery letters that were asked for",
    "plugins/home_assistant/connection.py": "shows Home Assistant its access token",
    "storage/bond.py": "binds the master key to a TPM",
    "storage/checkpoint.py": "derives the audit log's key",
    "storage/database.py": "gives SQLCipher its key",
    "storage/height.py": "signs the height file",
    "storage/master.py": "reads and writes the key file",
    "storage/passphrase.py": "stretches a passphrase",
    "storage/pin.py": "stretches a PIN",
    "storage/receipt.py": "compares a key with its commitment",
    "storage/recovery.py": "writes and reads the recovery letters",
    "storage/rescue.py": "opens a database that was set aside",
    "storage/rotation.py": "seals one master key under another",
    "storage/seal.py": "seals and opens a row",
    "storage/slots.py": "seals and opens a keyslot",
}
"""Every file that opens a key."""

MAKERS = {
    "RedactedTranscript": {"pipeline/redact.py"},
    "Originals": {"pipeline/redact.py"},
    "RedactedIntent": {"pipeline/intents.py", "policies/explain.py"},
    "Grant": {"policies/decide.py"},
    "Confirm": {"policies/decide.py"},
    "Refusal": {"policies/decide.py"},
    "Release": {"policies/decide.py"},
    "TextRelease": {"policies/decide.py"},
    "AudioRelease": {"policies/decide.py"},
    "Permit": {"policies/decide.py"},
}
"""The sealed kinds, and the files that may make them."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def calls(tree: ast.Module) -> Iterator[str]:
    """The last part of the name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name):
                yield function.id
            elif isinstance(function, ast.Attribute):
                yield function.attr


def opens(tree: ast.Module) -> bool:
    """Whether the file opens a private value: by `reveal`, its name, or its hidden attribute."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in ("reveal", "_Private__value"))
        or (isinstance(node, ast.Constant) and node.value in ("reveal", "_Private__value"))
        for node in ast.walk(tree)
    )


def test_only_these_files_open_what_is_private():
    found = {name for name, tree in sources() if name != "assistant/private.py" and opens(tree)}
    assert found == REVEALERS.keys() | KEPT.keys() | KEYS.keys()


@pytest.mark.parametrize("kind", MAKERS)
def test_only_these_files_make_a_sealed_kind(kind):
    assert {name for name, tree in sources() if kind in calls(tree)} == MAKERS[kind]


def test_no_sealed_kind_goes_by_another_name():
    aliases = [
        (name, alias.name)
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in {*MAKERS, "Private"} and alias.asname not in (None, alias.name)
    ]
    assert aliases == []


def test_the_searches_see_what_they_look_for():
    """Each of these lines would be caught."""
    for line in ("x.reveal()", "f = x.reveal", "getattr(x, 'reveal')()", "x._Private__value"):
        assert opens(ast.parse(line)), line
    assert list(calls(ast.parse("types.Grant(rule=1)"))) == ["Grant"]
    assert list(calls(ast.parse("match d:\n  case Grant(): pass"))) == []
