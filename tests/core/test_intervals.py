import math

import pytest

from drcl_mini.core.intervals import interval


def test_interval_is_students():
    assert interval([1.0, 3.0]) == pytest.approx(12.7062, 1e-5)
    assert interval([1.0, 2.0, 4.0, 5.0]) == pytest.approx(3.1824 * math.sqrt(10 / 3) / 2, 1e-4)
    assert math.isnan(interval([1.0]))
