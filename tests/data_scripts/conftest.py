"""Small files in the layouts of the published ones, written, converted and compared."""

import layouts
import numpy as np
import pytest

from data_scripts.download import DownloadError


@pytest.fixture
def write():
    """Write variables in one of three formats."""
    return lambda form, path, variables: layouts.WRITERS[form](path, variables) or path


@pytest.fixture
def small(monkeypatch):
    """A small layout by name, its module's sizes set accordingly."""
    return lambda name: layouts.SMALL[name](monkeypatch)


@pytest.fixture
def small_mirror(tmp_path, monkeypatch):
    """A mirror with small files of a data set; gives the layout and the place of the file, or of the files."""
    return lambda name: layouts.small_mirror(name, tmp_path / "mirror", monkeypatch)


@pytest.fixture
def matches():
    """Whether a data set holds what a layout expects, number by number."""

    def check(dataset, expected):
        for part, tables in expected.items():
            split = getattr(dataset, part)
            assert (split is None) == (not tables)
            if split:
                assert set(split.modalities) == set(tables)
                for modality, (x, y) in tables.items():
                    assert np.array_equal(split.features[modality], x)
                    assert np.array_equal(split.labels[modality], y)
        return True

    return check


@pytest.fixture
def alike():
    """That a network's features of items are the stored ones, to a cosine of 0.999."""

    def check(extract, items, stored):
        try:
            table = extract(items)
        except DownloadError as error:
            pytest.skip(str(error))
        stored = stored.astype(np.float32)
        cosine = (table * stored).sum(axis=1) / np.linalg.norm(table, axis=1) / np.linalg.norm(stored, axis=1)
        assert cosine.min() > 0.999

    return check
