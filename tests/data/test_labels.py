import numpy as np
import pytest
import torch

from drcl_mini.data.labels import one_hot


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor])
def test_class_indices_and_multi_hot_rows_become_float_rows(wrap):
    rows = one_hot(wrap([2, 0]), 4)
    assert rows.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]
    assert rows.dtype == one_hot(wrap([[1, 1]]), 2).dtype == torch.float32
    assert one_hot(wrap([[1, 1, 0]]), 3).tolist() == [[1, 1, 0]]
