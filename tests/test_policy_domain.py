"""The moments and the bits that a check counts with."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.closed import day_bits, destination_values, message_bits
from policies.moments import as_datetime, edges, open_at
from policies.sections import Window
from policies.shared import Destination
from policies.values import DAYS
from policies.windows import is_open

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)
windows = st.builds(
    Window,
    valid_from=st.none() | st.dates(datetime(2026, 10, 1).date(), datetime(2026, 10, 20).date()),
    valid_until=st.none()
    | st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 9))
    | st.dates(datetime(2026, 10, 20).date(), datetime(2026, 11, 9).date()),
    days=st.lists(st.sampled_from(DAYS), unique=True, max_size=3).map(tuple),
    hours=st.none() | st.sampled_from(["22:00-07:00", "08:30-09:15", "00:00-24:00", "23:59-00:00"]),
)


@given(windows, st.lists(st.integers(0, 60 * 86_400), min_size=1, max_size=30))
def test_the_array_of_a_window_is_the_window(window, offsets):
    zone = UTC
    start = int(datetime(2026, 9, 25, tzinfo=zone).timestamp())
    seconds = np.array([start + offset for offset in offsets], dtype=np.int64)
    expected = [is_open(window, as_datetime(moment, zone)) for moment in seconds]
    assert open_at(window, seconds, zone).tolist() == expected


@given(st.lists(windows, min_size=1, max_size=4), st.integers(-40 * 86_400, 60 * 86_400))
def test_no_moment_is_told_apart_that_is_not_enumerated(some, offset):
    """At any moment at all the same windows are open as at one of those enumerated."""
    moments = [as_datetime(moment, UTC) for moment in edges(some, [], NOW)]
    patterns = {tuple(is_open(window, moment) for window in some) for moment in moments}
    anywhere = NOW + timedelta(seconds=offset)
    assert tuple(is_open(window, anywhere) for window in some) in patterns


slot_texts = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True),
        "range": st.builds(
            lambda low, steps, step: {"minimum": low, "maximum": low + steps * step, "step": step},
            st.integers(-3, 3),
            st.integers(0, 3),
            st.sampled_from([0.5, 1.0, 0.1]),
        ),
        "placeholders": st.lists(
            st.sampled_from(["PERSON", "CODE"]), min_size=1, max_size=2, unique=True
        ),
    },
).filter(bool)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["Order", "Cancel"]),
        st.dictionaries(st.sampled_from(["what", "who"]), slot_texts, max_size=2),
        min_size=1,
    ),
    st.integers(1, 4),
)
def test_the_bits_are_the_logarithm_of_what_could_be_said(intents, most):
    to = Destination.model_validate_json(
        json.dumps(
            {
                "purpose": "shopping",
                "retention_period": "P1D",
                "budget": {"bits_per_message": 1, "bits_per_day": 1, "messages_per_day": most},
                "intents": {name: {"slots": slots} for name, slots in intents.items()},
            }
        )
    )
    said = sum(
        math.prod(
            1
            + len(slot.choices or ())
            + len(slot.placeholders or ())
            + (round((slot.range.maximum - slot.range.minimum) / slot.range.step) + 1
               if slot.range else 0)
            for slot in shared.slots.values()
        )
        for shared in to.intents.values()
    )  # fmt: skip
    assert destination_values(to) == said
    assert message_bits(to) == pytest.approx(math.log2(said))
    days = sum(said**count for count in range(most + 1))
    assert day_bits(to) == pytest.approx(math.log2(days))
