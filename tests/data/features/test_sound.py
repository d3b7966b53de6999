"""Sounds: loudness doesn't matter, files and samples give the same, silence and clicks are borne."""

import io

import numpy as np
import pytest
import soundfile

from drcl_mini.data.features import sound_features


@pytest.fixture
def tone():
    t = np.arange(4000) / 8000
    return (9000 * np.sin(2 * np.pi * 440 * t) * np.exp(-3 * t)).astype(np.int16)


def test_files_and_samples_give_the_same(tone):
    file = io.BytesIO()
    soundfile.write(file, tone, 8000, format="FLAC", subtype="PCM_16")
    both = sound_features([tone, np.frombuffer(file.getvalue(), np.uint8)])
    assert both.shape == (2, 52)
    assert both.dtype == np.float32
    assert np.array_equal(both[0], both[1])


def test_loudness_does_not_matter_but_pitch_does(tone):
    loud, quiet = sound_features([tone, tone // 3])
    assert np.abs(loud - quiet).max() < 1
    assert np.abs(sound_features([tone[::2]])[0] - loud).max() > 10


@pytest.mark.parametrize("samples", [np.zeros(3000, np.int16), np.array([1000], np.int16)])
def test_silence_and_clicks_have_finite_features(samples):
    assert np.isfinite(sound_features([samples])).all()


def test_what_is_no_sound_is_told(complains):
    with complains("no samples"):
        sound_features([np.zeros(0, np.int16)])
    with complains("expected FLAC, Ogg or WAV bytes"):
        sound_features([np.zeros(9)])
