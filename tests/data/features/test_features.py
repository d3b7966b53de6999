"""The features by name: all there, loaded only when used."""

import subprocess
import sys

import pytest

from drcl_mini.data import features


def test_every_name_is_a_function_of_its_module():
    assert features.__all__ == sorted(features.PLACES)
    for name, module in features.PLACES.items():
        assert getattr(features, name).__module__ == f"drcl_mini.data.features.{module}"


def test_another_name_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'smell_features'"):
        features.smell_features  # noqa: B018


def test_importing_loads_no_extractor():
    code = "import drcl_mini.data.features, sys; print([m for m in ('librosa', 'skimage') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
