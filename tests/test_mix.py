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
from pipeline.sources.noisy import NoisySource

LENGTHS = st.integers(FRAME, 20_000)


def sound(seed, samples, loudness):
    wave = np.random.default_rng(seed).normal(0.0, loudness, samples)
    return np.rint(wave).clip(-32_768, 32_767).astype(np.int16)


def loudest(samples):
    whole = samples[: len(samples) // FRAME * FRAME].astype(float).reshape(-1, FRAME)
    return np.square(whole).sum(axis=1).max()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000), st.floats(0, 24), LENGTHS, LENGTHS)
def test_the_noise_is_as_far_under_the_speech_as_was_asked(seed, snr, speech_length, noise_length):
    speech, noise = sound(1, speech_length, 1_000), sound(2, noise_length, 3_000)
    mixed = mix(speech, noise, snr, seed)
    assert mixed.dtype == np.int16
    ratio = loudest(speech) / loudest(mixed.astype(float) - speech)
    assert 10 * np.log10(ratio) == pytest.approx(snr, abs=0.1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000), st.floats(-20, 24), LENGTHS, LENGTHS)
def test_a_mix_that_would_be_too_loud_is_turned_down_as_a_whole(seed, snr, speech, noise):
    quiet, loud, noise = sound(3, speech, 300), sound(3, speech, 30_000), sound(4, noise, 2_000)
    mixed = mix(loud, noise, snr, seed).astype(float)
    assert np.abs(mixed).max() <= 32_767
    square = mix(np.sign(loud) * np.int16(32_767), noise, snr, seed)
    assert np.abs(square.astype(int)).max() <= 32_767
    # The same speech without need to turn it down: its shape is the shape of the mix.
    if snr >= 0:
        assert np.corrcoef(mixed, loud)[0, 1] > 0.6
        assert np.corrcoef(mix(quiet, noise, snr, seed), quiet)[0, 1] > 0.6


def test_the_seed_says_where_the_noise_begins_and_nothing_else():
    speech, noise = sound(5, 16_000, 1_000), sound(6, 160_000, 1_000)
    again = [mix(speech, noise, 10, seed) for seed in (1, 1, 2)]
    assert np.array_equal(again[0], again[1])
    assert not np.array_equal(again[0], again[2])


def test_noise_that_is_shorter_is_repeated():
    speech = np.full(20_000, 5_000, np.int16)
    noise = sound(7, 3_000, 1_000)
    added = mix(speech, noise, 10, 0).astype(int) - 5_000
    assert np.abs(added[3_000:6_000] - added[:3_000]).max() <= 1
    assert np.abs(added[18_000:] - added[:2_000]).max() <= 1


def test_silence_is_left_as_it_is():
    silence, noise = np.zeros(8_000, np.int16), sound(8, 8_000, 1_000)
    assert not mix(silence, noise, 10, 0).any()
    assert np.array_equal(mix(noise, silence, 10, 0), noise)
    assert not len(mix(silence[:0], noise, 10, 0))
    assert np.array_equal(mix(noise, silence[:0], 10, 0), noise)


@given(st.lists(st.integers(0, 5_000), max_size=8))
def test_a_level_is_the_same_whatever_the_pieces(lengths):
    whole = sound(9, sum(lengths), 5_000)
    pieces = np.split(whole, np.cumsum(lengths)) if lengths else [whole]
    assert measure(pieces) == measure([whole])


@pytest.fixture
def speech(tmp_path):
    soundfile.write(tmp_path / "speech.wav", sound(10, 50_000, 2_000), 16_000)
    return FileSource(tmp_path / "speech.wav")


def test_a_noisy_recording_is_its_mix(tmp_path, speech):
    noise = sound(11, 30_000, 500)
    soundfile.write(tmp_path / "noise.wav", noise, 16_000)
    clean = np.frombuffer(b"".join(frame.pcm for frame in speech.frames()), "<i2")
    noisy = NoisySource(speech, tmp_path / "noise.wav", 6.0, seed=3)
    frames = list(noisy.frames())
    assert [frame.index for frame in frames] == list(range(40))
    heard = np.frombuffer(b"".join(frame.pcm for frame in frames), "<i2")
    assert np.array_equal(heard, mix(clean, noise, 6.0, 3))


def test_silent_noise_and_senseless_ratios_are_refused(tmp_path, speech):
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    soundfile.write(tmp_path / "noise.wav", sound(12, 16_000, 500), 16_000)
    with pytest.raises(SourceError, match="is silent"):
        NoisySource(speech, tmp_path / "silent.wav", 6.0, 0)
    with pytest.raises(SourceError, match="nan dB"):
        NoisySource(speech, tmp_path / "noise.wav", float("nan"), 0)
    with pytest.raises(SourceError, match="gone"):
        NoisySource(speech, tmp_path / "gone.wav", 6.0, 0)
