"""Class posteriors of methods that have them beside embeddings."""

import numpy as np
import pytest
import torch

from drcl_mini import DRCL
from drcl_mini.baselines import ACMR, MARS, MRL, SDML, JointPrior, ProxyAnchor, SupCon, class_pairs
from drcl_mini.experiments.run.execution import posteriors

SMALL = {"hidden": (16,), "dim": 8, "epochs": 15, "learning_rate": 0.01, "device": "cpu"}


@pytest.mark.parametrize("method", [ACMR, MARS, MRL, SDML, JointPrior, ProxyAnchor], ids=lambda method: method.__name__)
def test_they_name_the_class_of_most_training_items(method, train):
    model = method(**SMALL).fit(class_pairs(train) if method.needs_pairs else train)
    for name, rows in model.posteriors(model.transform(train)).items():
        np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
        assert (rows.argmax(axis=1) == train.labels[name]).mean() > 0.7  # chance is 0.37


def test_a_method_without_them_says_so(train):
    model = SupCon(**SMALL).fit(train)
    assert model.posteriors(model.transform(train)) is None


def test_those_of_drcl_are_the_softmax_of_f_w(train):
    model = DRCL(**{**SMALL, "prior_epochs": 5}).fit(train)
    rows = model.transform(train)
    for name, found in posteriors(model, rows).items():
        expected = (torch.from_numpy(rows[name]) @ model.prior_).softmax(dim=1)
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)
