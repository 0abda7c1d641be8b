"""Every name under which something is logged, measured, shown or sent stands in one table."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from assistant.events import Done, Noted, Woken
from assistant.observe import classified
from assistant.observe.lines import LINES
from assistant.observe.meter import Meter
from assistant.observe.metrics import STAGES, Metrics
from assistant.observe.state import ALARMS, MOODS, MUTERS, OCCURRENCES, State
from assistant.observe.watch import Watch
from assistant.settings import ObserveSettings
from plugins.door.payload import payload

ROOT = Path(__file__).parent.parent
PACKAGES = ("assistant", "pipeline", "plugins", "policies", "storage")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
TABLES = {
    name: table
    for name, table in vars(classified).items()
    if name.isupper() and isinstance(table, dict)
}


def parsed(pattern: str = "**/*.py", *folders: str) -> Iterator[tuple[str, ast.Module]]:
    for package in folders or PACKAGES:
        for path in sorted((ROOT / package).glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def log_calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls such as `log.info(...)`, `_log.error(...)`, `logging.getLogger("x").debug(...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = ast.unparse(node.func.value)
            if node.func.attr in LEVELS and re.search(
                r"\blog(ger|ging)?\b|_log\b|getLogger", holder
            ):
                yield node


def dictionary_keys(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value


def problem_of(call: ast.Call) -> str | None:
    """What is wrong with a log call, as the line that would mend it."""
    first = call.args[0]
    if not isinstance(first, ast.Constant) or call.keywords:
        return f"the line must be a constant, and no keywords: {ast.unparse(call)}"
    values = len(call.args) - 1
    if len(LINES.get(first.value, ("?",) * (values + 1))) != values:
        return f"assistant/observe/lines.py lacks {first.value!r}: ({values} names of LOG),"
    return None


def test_every_line_that_is_logged_stands_in_the_list_with_its_fields():
    wrong = [
        f"{name}:{call.lineno}: {problem}"
        for name, tree in parsed()
        for call in log_calls(tree)
        if (problem := problem_of(call)) is not None
    ]
    assert not wrong, "\n".join(wrong)


def test_no_line_is_in_the_list_that_nobody_logs():
    used = {
        call.args[0].value
        for _, tree in parsed()
        for call in log_calls(tree)
        if isinstance(call.args[0], ast.Constant)
    }
    assert sorted(LINES.keys() - used) == []


def test_every_field_of_a_log_line_is_classified_and_no_speech():
    fields = {name for names in LINES.values() for name in names}
    always = {"level", "logger", "message", "file", "line"}
    assert (fields | always) - classified.LOG.keys() == set()
    assert set(classified.LOG.values()) <= classified.LOGGED


def test_the_places_of_a_line_fit_its_fields():
    for template, names in LINES.items():
        kinds = re.findall(r"%[-+ #0-9.]*([a-z])", template)
        assert len(kinds) == len(names), template
        for kind, name in zip(kinds, names, strict=True):
            if classified.LOG[name] in classified.NUMBERS:
                assert kind in "dfg", f"{template}: {name} is a number"
            else:
                assert kind == "s", f"{template}: {name} is no number"


@pytest.mark.parametrize(
    "line",
    ['log.info("they said %s", text)', 'log.info(f"they said {text}")', "log.info(text)",
     'logging.getLogger("x").error("new", 1)', 'self._log.warning("new")',
     'log.error("stopped", text)', 'log.error("stopped", extra={"text": text})'],
)  # fmt: skip
def test_a_new_line_would_be_found(line):
    (call,) = log_calls(ast.parse(line))
    assert problem_of(call) is not None


def test_every_key_of_an_event_is_classified():
    tree = ast.parse((ROOT / "assistant/events.py").read_text())
    assert set(dictionary_keys(tree)) == set(classified.EVENTS)


def test_every_label_is_classified_and_from_a_closed_set():
    state, meter = State(), Meter()
    metrics = Metrics(state, meter)
    metrics.queues = lambda: {"utterances": 2}
    state.take(Woken("", 1.0, "alexa", 0.9))
    for what in OCCURRENCES:
        state.take(Noted(what))
    metrics.take(Done(7, {"endpoint": 0.4, "recognize": 0.1, "total": 30.0}, 0.2))
    meter.scores.add(0.7)
    closed = {
        "mood": set(MOODS), "alarm": set(ALARMS), "by": set(MUTERS), "stage": set(STAGES),
        "what": {"wakes", *OCCURRENCES}, "queue": {"utterances"},
    }  # fmt: skip
    names = set()
    for family in text_string_to_metric_families(metrics.text()):
        for sample in family.samples:
            names.add(sample.name)
            assert sample.labels.keys() <= classified.LABELS.keys()
            for label, value in sample.labels.items():
                assert value in closed.get(label, {value})
                assert label in closed or re.fullmatch(r"[0-9.e+-]+|\+Inf", value)
    assert set(classified.LABELS.values()) <= classified.MEASURED
    assert {
        "sotto_stage_seconds_bucket",
        "sotto_wake_score_count",
        "sotto_cpu_seconds_total",
    } <= names


def test_every_key_of_the_sockets_is_classified(tmp_path):
    told = set(Watch(ObserveSettings(), tmp_path).report())
    for name, tree in parsed("*.py", "assistant/commands"):
        if name.endswith("/control.py"):
            told |= set(dictionary_keys(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "control.ask":
                told |= set(dictionary_keys(node))
    tree = ast.parse((ROOT / "assistant/observe/lamps.py").read_text())
    told |= {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "_say"
        and isinstance(node.args[1], ast.Constant)
    }
    assert told - classified.SOCKETS.keys() == set()


def test_every_key_that_is_published_is_classified():
    told = set(json.loads(payload("0" * 32, "GetForecast", {})))
    for _, tree in parsed("door/payload.py", "plugins"):
        told |= set(dictionary_keys(tree))
    for _, tree in parsed("presence/*.py", "plugins"):
        told |= set(dictionary_keys(tree))
    assert told - classified.MQTT.keys() == set()


def test_every_field_between_our_processes_is_classified():
    told: set[str] = set()
    for name, _ in parsed("**/wire.py", "plugins"):
        module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
        for made in vars(module).values():
            if isinstance(made, type) and issubclass(made, BaseModel):
                told |= made.model_fields.keys()
    assert told - classified.WIRE.keys() == set()


def test_no_name_has_two_kinds_and_every_kind_is_used():
    for name, table in TABLES.items():
        source = (ROOT / "assistant/observe/classified.py").read_text()
        assert set(table.values()) <= set(classified.KINDS), name
        assert source.count(f"{name}: Final") == 1
    assert {kind for table in TABLES.values() for kind in table.values()} == set(classified.KINDS)
