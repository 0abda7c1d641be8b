"""A little of `make soak`: hours of sound in seconds, and nothing grows."""

from __future__ import annotations

from assistant.bench.processes import Footprint, footprint, slope
from scripts.soak import Report, soak


async def test_five_minutes_of_a_house_are_dealt_with_to_the_last_utterance(tmp_path, monkeypatch):
    monkeypatch.delenv("SOTTO_TEST_DATA", raising=False)
    report = await soak(0.08, 1, tmp_path)
    assert report.problems() == []
    assert report.commands >= 2
    assert report.events["Done"] == report.events["Closed"] >= report.commands


def looks(*values: tuple[float, int, int]) -> Report:
    report = Report(hours=len(values))
    for hour, (memory, threads, descriptors) in enumerate(values):
        report.looks.append((float(hour), Footprint(memory, memory, threads, descriptors, 0.0)))
    return report


def test_what_grows_is_told():
    assert looks(*[(100.0 + hour / 2, 5, 9) for hour in range(8)]).problems() == []
    assert looks(*[(100.0 + 3 * hour, 5, 9) for hour in range(8)]).problems() == [
        "memory rises by 3.00 MiB an hour"
    ]
    assert looks(*[(100.0, 5 + hour, 9 - hour) for hour in range(4)]).problems() == [
        "2 threads more"
    ]
    assert looks(*[(100.0, 5, 9 + hour) for hour in range(4)]).problems() == ["2 descriptors more"]


def test_an_utterance_that_came_to_nothing_is_told():
    report = looks((1.0, 1, 1))
    report.commands = 10
    report.events.update({"Closed": 9, "Done": 7, "Failed": 1, "Woken": 9})
    assert report.problems() == [
        "an utterance came to nothing, and nobody was told",
        "1 utterances failed",
        "1 wake words were not heard",
    ]


def test_a_process_knows_what_it_takes():
    look = footprint()
    assert look.resident >= look.proportional > 5
    assert look.threads >= 1
    assert look.descriptors >= 3
    assert look.processor > 0


def test_the_line_of_least_squares():
    assert slope([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) == 2.0
    assert slope([(1.0, 7.0)]) == 0.0
