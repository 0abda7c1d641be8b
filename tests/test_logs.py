"""What gets into a log: our own lines, field by field, and of everything else only the place."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest

from assistant import logs
from assistant.errors import SkillError
from assistant.observe.classified import shown
from tests.silence import CANARY, as_a_daemon

log = logging.getLogger("assistant.test")


def record(message: str, *values: object, name: str = "assistant.test") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "/x/y/place.py", 7, message, values, None)


def test_a_line_of_ours_is_told_with_its_fields():
    level, message, fields = logs.told(record("utterance %d dropped: %s", 3, ValueError(CANARY)))
    assert level == "warning"
    assert message == "utterance 3 dropped: ValueError at an unknown line"
    assert fields == {
        "logger": "assistant.test",
        "file": "place.py",
        "line": 7,
        "utterance": 3,
        "error": "ValueError at an unknown line",
    }


@pytest.mark.parametrize(
    "told",
    [
        record(f"they said {CANARY}"),
        record("they said %s", CANARY),
        record("utterance %d dropped: %s", 1),  # a value is missing
        record("utterance %d dropped: %s", 1, 2, CANARY),
        record("stopped", CANARY),
        record("utterance %d dropped: %s", 3, "x", name=CANARY),
        record("utterance %d dropped: the mind is busy", CANARY),
        record(CANARY, name="assistantx"),
    ],
)
def test_whatever_is_not_in_the_list_is_a_place_and_no_text(told):
    for formatter in (logs.AllowList(), logs.JsonAllowList()):
        line = formatter.format(told)
        assert CANARY not in line
        assert "place.py" in line or "utterance" in line


def test_the_place_of_a_number_takes_nothing_else():
    level, message, fields = logs.told(record("door: hung up on user %d", CANARY))
    assert (level, message, fields["user"]) == ("warning", "door: hung up on user %d", "?")


def test_an_exception_in_a_record_is_its_types_and_lines():
    try:
        raise ValueError(CANARY)
    except ValueError:
        one = record("stopped")
        one.exc_info = sys.exc_info()
    assert "ValueError at test_logs.py" in logs.AllowList().format(one)
    assert CANARY not in logs.AllowList().format(one)


def test_a_value_is_one_short_line_of_its_kind():
    assert shown("id", CANARY) == "?"
    assert shown("count", 3) == 3
    assert shown("name", "two\nlines\x1b[2J") == "two lines [2J"
    assert len(shown("ours", "x" * 5000)) < 400
    assert shown("ours", SkillError("skill timer: it raised KeyError")) == (
        "skill timer: it raised KeyError"
    )


def test_json_lines_are_objects_with_fields_from_the_list(capfd):
    with as_a_daemon(capfd, "json") as heard:
        log.warning("the ear is too slow: %d frames dropped", 4)
        logging.getLogger("talkative").error("they said %s", CANARY)
    lines = [json.loads(line) for line in heard.text.splitlines()]
    assert {"level": "warning", "count": 4}.items() <= lines[0].items()
    assert lines[1]["message"].endswith("(its text is not logged)")
    assert CANARY not in heard.text


def test_only_our_modules_print(capfd):
    with as_a_daemon(capfd) as heard:
        print(CANARY)
        os.write(1, CANARY.encode())
        os.write(2, CANARY.encode())
        sys.stdout.buffer.write(CANARY.encode())
        sys.stderr.writelines([CANARY])
        os.write(sys.stdout.fileno(), CANARY.encode())
        subprocess.run(["sh", "-c", f"echo {CANARY}; echo {CANARY} >&2"], check=True)
        exec("print('an event')", {"__name__": "assistant.commands.printing"})
    assert "an event" in heard.text
    assert "a library wrote to standard output" in heard.text
    assert "a library wrote to standard error" in heard.text
    assert CANARY not in heard.text


def test_afterwards_everybody_prints_again(capfd):
    with as_a_daemon(capfd):
        pass
    print("here")
    os.write(1, b"and here")
    assert capfd.readouterr().out == "here\nand here"


def test_what_floods_standard_output_is_told_once(capfd):
    with as_a_daemon(capfd) as heard:
        for _ in range(500):
            print(CANARY * 100)
    assert heard.text.count("a library wrote") == 1
