import numpy as np
import pytest

from drcl_mini import Split
from drcl_mini.data.fingerprint import fingerprint

X, Y = {"a": np.eye(2)}, {"a": np.array([0, 1])}


@pytest.mark.parametrize(
    "other",
    [
        {"train": Split({"a": 2 * X["a"]}, Y)},
        {"train": Split(X, {"a": [1, 0]})},
        {"train": Split({"b": X["a"]}, {"b": Y["a"]})},
        {"test": Split(X, Y)},
        {"train": Split(X, Y), "test": Split(X, Y)},
    ],
)
def test_every_difference_shows(other):
    assert fingerprint({"train": Split(X, Y)}) == fingerprint({"train": Split(X, Y), "test": None})
    assert fingerprint({"train": Split(X, Y)}) != fingerprint(other)
