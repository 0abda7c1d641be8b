"""Noise mixed into speech at a stated ratio."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import SourceError
from pipeline.sources.file import FileSource
from pipeline.sources.mix import FRAME, measure, mix
from pipeline.sources.noisy import NoisySource, samples_of


def sound(seed, samples, loudness):
    wave = np.random.default_rng(seed).normal(0.0, loudness, samples)
    return np.rint(wave).clip(-32_768, 32_767).astype(np.int16)


def loudest(samples):
    whole = samples[: len(samples) // FRAME * FRAME].astype(float).reshape(-1, FRAME)
    return np.square(whole).sum(axis=1).max()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    snr=st.floats(-10, 30),
    speech_length=st.integers(FRAME, 20_000),
    noise_length=st.integers(FRAME, 30_000),
    loudness=st.floats(500, 5_000),
)
def test_the_noise_is_as_far_under_the_speech_as_was_asked(
    seed, snr, speech_length, noise_length, loudness
):
    speech, noise = sound(1, speech_length, loudness), sound(2, noise_length, 1_000)
    mixed = mix(speech, noise, snr, seed)
    assert len(mixed) == len(speech)
    assert mixed.dtype == np.int16
    # What the gain did to the speech is found by projection: the noise is independent of it.
    added = mixed - _gain(mixed, speech, noise) * speech
    ratio = loudest(_gain(mixed, speech, noise) * speech) / loudest(added)
    assert 10 * np.log10(ratio) == pytest.approx(snr, abs=0.5)


def _gain(mixed, speech, noise):
    """The speech's gain: least squares over the speech and every place of the noise is dear,
    so this takes the place where what remains is smallest."""
    starts = range(max(len(noise) - len(speech) + 1, 0) or len(noise))
    best = (np.inf, 1.0)
    for start in starts if len(starts) < 3 else _likely(mixed, speech, noise, starts):
        under = noise.take(np.arange(start, start + len(speech)), mode="wrap").astype(float)
        basis = np.stack((speech.astype(float), under), axis=1)
        gains, *_ = np.linalg.lstsq(basis, mixed.astype(float), rcond=None)
        rest = np.square(mixed - basis @ gains).sum()
        best = min(best, (rest, gains[0]))
    return best[1]


def _likely(mixed, speech, noise, starts):
    without = mixed - (mixed @ speech.astype(float)) / (speech @ speech.astype(float)) * speech
    looped = noise.take(np.arange(len(starts) + len(speech)), mode="wrap").astype(float)
    match = np.correlate(looped, without[:FRAME], mode="valid")[: len(starts)]
    return np.argsort(-np.abs(match))[:3]
