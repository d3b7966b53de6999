"""The reader of MATLAB's version 5 against SciPy's, on random files that are whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.io import loadmat, savemat

from data_scripts.readers import read_variables

NUMBERS = st.sampled_from([f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)] + ["f4", "f8", "?"])
ARRAYS = arrays(NUMBERS, array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5))
NAMES = st.from_regex("[a-zA-Z][a-zA-Z0-9_]{0,20}", fullmatch=True)


@given(
    st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=4),
    st.lists(ARRAYS.map(np.atleast_2d), min_size=1, max_size=4),
    st.booleans(),
    st.data(),
)
def test_equals_scipy(tmp_path_factory, variables, parts, packed, data):
    path = tmp_path_factory.mktemp("some") / "some.mat"
    cells = np.empty((1, len(parts)), object)
    for i, part in enumerate(parts):
        cells[0, i] = part
    savemat(path, variables | {"cells": cells}, do_compression=packed)
    wanted = data.draw(st.permutations([*variables, "cells"]))[:3]
    found, expected = read_variables(path, wanted), loadmat(path, variable_names=wanted)
    assert list(found) == wanted
    for name, value in found.items():
        both = (value, expected[name].ravel()) if name == "cells" else ([value], [expected[name]])
        for ours, theirs in zip(*both, strict=True):
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            assert ours.tobytes() == theirs.tobytes()
