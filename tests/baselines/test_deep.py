"""The deep compared methods: what every one must do, and how their training goes."""

import math
from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.linalg import block_diag

from drcl_mini import Split, TrainingDiverged
from drcl_mini.baselines import (
    ACMR,
    DCCA,
    DCCAE,
    DSCMR,
    MARS,
    MRL,
    SDML,
    SMLN,
    DeepSM,
    FGCrossNet,
    InfoNCE,
    JointPrior,
    ProxyAnchor,
    SupCon,
    class_pairs,
)
from drcl_mini.baselines.parts import mlp
from drcl_mini.training.fitting import tensors
from drcl_mini.training.monitor import target_map

METHODS = (DeepSM, DCCA, DCCAE, ACMR, FGCrossNet, SDML, DSCMR, SMLN, MRL, MARS)
METHODS += (InfoNCE, JointPrior, ProxyAnchor, SupCon)
ALONE = (DeepSM, SDML, MARS)
SMALL = {"hidden": (16,), "dim": 8, "epochs": 15, "learning_rate": 0.01, "device": "cpu"}
each = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)


def prepared(method, split):
    return class_pairs(split) if method.needs_pairs else split


def drawn(make_split, sizes):
    """Splits to learn from, to pick the epoch on, and to be scored on."""
    return (make_split(sizes, seed=seed) for seed in range(3))


class TestEveryMethod:
    @each
    def test_beats_chance(self, method, make_split):
        train, validation, test = drawn(make_split, {"image": (90, 7), "text": (60, 5)})
        model = method(**SMALL).fit(prepared(method, train), validation)
        assert model.evaluate(test).mean() > (0.6 if method in (DCCA, DCCAE, JointPrior) else 0.7)  # chance is 0.37

    @each
    def test_three_modalities_of_other_sizes(self, method, make_split):
        sizes = {"image": (60, 7), "text": (50, 5), "keys": (33, 4)}  # a name that nn.ModuleDict refuses
        train, validation, test = drawn(make_split, sizes)
        model = method(**SMALL).fit(prepared(method, train), validation)
        assert len(model.evaluate(test).scores) == 6
        assert model.evaluate(test).mean() > 0.55

    @each
    def test_seed_decides_and_nothing_else(self, method, train, validation, same):
        settings, split = {**SMALL, "epochs": 3}, prepared(method, train)
        before = torch.random.get_rng_state()
        first, again = (method(**settings).fit(split, validation).transform(validation) for _ in range(2))
        other = method(**settings, seed=1).fit(split, validation).transform(validation)
        assert same(first, again)
        assert not same(first, other)
        assert torch.equal(before, torch.random.get_rng_state())

    @each
    def test_history_and_early_stopping(self, method, train, validation):
        model = method(**{**SMALL, "epochs": 40, "patience": 2}).fit(prepared(method, train), validation)
        runs = [model.history_]
        if not method.together:
            runs = [[r for r in model.history_ if r["modality"] == name] for name in train.modalities]
        assert len(runs) == (1 if method.together else 2)
        for records in runs:
            assert len(records) >= 3
            scores = [record["validation_map"] for record in records]
            assert len(scores) == 40 or scores.index(max(scores)) == len(scores) - 3
            terms = {k: v for k, v in records[0].items() if k not in ("modality", "epoch", "total", "validation_map")}
            assert sum(terms.values()) == pytest.approx(records[0]["total"], rel=1e-4)

    @each
    def test_ends_with_the_best_epoch(self, method, train, validation):
        model = method(**{**SMALL, "patience": None}).fit(prepared(method, train), validation)
        if method.together:
            best = max(record["validation_map"] for record in model.history_)
            assert model.evaluate(validation).mean() == pytest.approx(best, abs=1e-9)
            return
        rows, held, targets = model.transform(validation), tensors(validation, 3, torch.device("cpu")), model.targets()
        assert list(rows) == list(train.modalities)
        for name, f in rows.items():
            scores = [record["validation_map"] for record in model.history_ if record["modality"] == name]
            assert len(scores) == 15
            final = target_map(torch.from_numpy(f), held[name][1], targets).item()
            assert final == pytest.approx(max(scores), abs=1e-6)

    @each
    def test_works_without_validation_and_with_multi_hot_labels(self, method, make_split):
        split = make_split({"image": (30, 7), "text": (30, 5)}, multi_hot=True)
        order = {name: np.lexsort(y.T) for name, y in split.labels.items()}
        paired = Split(
            {name: x[order[name]] for name, x in split.features.items()},
            {name: split.labels["image"][order["image"]] for name in split.modalities},
        )
        model = method(**{**SMALL, "epochs": 2}).fit(paired)
        assert len(model.history_) == (2 if method.together else 4)
        assert all(np.isfinite(rows).all() for rows in model.transform(paired).values())

    @each
    def test_one_modality_is_an_error(self, method, train, complains):
        with complains(method.title, "at least two modalities", "image"):
            method(**SMALL).fit(train.only("image"))

    @each
    def test_pairs_where_they_are_needed(self, method, train, complains):
        if method.needs_pairs:
            with complains(method.title, "needs pairs", "class_pairs(split)"):
                method(**SMALL).fit(train)
        else:
            method(**{**SMALL, "epochs": 1}).fit(train)

    @each
    def test_settings_are_checked(self, method, complains):
        own = {field.name for field in fields(method) if field.type is float} - {"learning_rate"}
        wrong = [("batch_size", 0), ("learning_rate", -1), ("epochs", 1.5), ("hidden", (0,)), ("dim", 0)]
        for name, value in [*wrong, *((name, -0.5) for name in own), *((name, math.nan) for name in own)]:
            with complains(method.title, name, repr(value)):
                method(**{**SMALL, name: value})

    @each
    def test_label_noise_changes_labels_only(self, method, train, make_split, complains):
        noisy = method(**{**SMALL, "epochs": 1, "label_noise": 0.5}).fit(prepared(method, train))
        clean = method(**{**SMALL, "epochs": 1}).fit(prepared(method, train))
        same = noisy.history_[0]["total"] == clean.history_[0]["total"]
        assert same == (method in (DCCA, DCCAE, InfoNCE))  # they use none
        multi = make_split({"image": (20, 7), "text": (20, 5)}, multi_hot=True)
        multi = Split(multi.features, dict.fromkeys(multi.modalities, multi.labels["image"]))
        with complains("label_noise", "multi-hot"):
            method(**{**SMALL, "label_noise": 0.5}).fit(multi)


class TestTraining:
    @pytest.mark.parametrize(("items", "steps"), [(20, 1), (300, 3), (1300, 11)])
    @pytest.mark.parametrize("batch_size", [128, 512, 2048])
    def test_an_epoch_has_as_many_steps_whatever_the_batch(self, items, steps, batch_size, make_split):
        seen = []

        class Counted(MRL):
            def losses(self, network, X, Y, F):
                seen.append(len(X["a"]))
                return super().losses(network, X, Y, F)

        split = class_pairs(make_split({"a": (items, 3), "b": (items, 3)}))
        Counted(**{**SMALL, "epochs": 2, "batch_size": batch_size}).fit(split)
        assert len(seen) == 2 * steps
        assert max(seen) <= min(batch_size, items)
        assert min(seen) > min(batch_size, items) // 2

    @each
    def test_the_last_layer_of_an_encoder_starts_in_its_range(self, method, make_split):
        """±1/√d_v where outputs get unit length, as DRCL's; else ±1/√fan-in, with a bias where it is a hidden one."""
        train = make_split({"image": (24, 1000), "text": (20, 2)})
        model = method(**{**SMALL, "hidden": (16, 64), "dim": 64, "epochs": 1, "learning_rate": 1e-9})
        network = model.fit(prepared(method, train)).networks_["text"]
        last = network.encoders["text"].layers[-1]
        inner = method.shares_last or method in (DeepSM, DCCA, DCCAE, SMLN)
        bound = 1 / math.sqrt(last.in_features if inner else 2)
        assert 0.9 * bound < last.weight.abs().max().item() <= bound + 1e-6
        assert (last.bias is not None) == method.shares_last
        if method.shares_last:
            assert (last.in_features, network.parts["last"][0].in_features) == (16, 64)

    def test_mlp_draws_from_its_source(self):
        first, again = (mlp(3, (4,), 2, torch.Generator().manual_seed(5)) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
        assert len(list(first.parameters())) == 4

    def test_shared_layer_needs_a_hidden_one(self, train, complains):
        with complains("FGCrossNet", "hidden"):
            FGCrossNet(**{**SMALL, "hidden": ()}).fit(train)

    @pytest.mark.parametrize("method", ALONE)
    def test_modalities_train_alone(self, method, train):
        """Another second modality doesn't move the first one."""
        text, labels = train.features["text"][:9] + 1, [0, 1, 2] * 3
        other = Split({**train.features, "text": text}, {**train.labels, "text": labels})
        first, second = (method(**SMALL).fit(split).transform(train)["image"] for split in (train, other))
        assert np.array_equal(first, second)

    def test_dcca_settles_with_the_ridge_of_its_loss(self, train):
        split = class_pairs(train)
        model = DCCA(**SMALL, ridge=0.3).fit(split)
        views = []
        for name, (x, _) in tensors(split, 3, torch.device("cpu")).items():
            network = model.networks_[name]
            outputs = network.outputs(name, network.standard(name, x)).double().numpy()
            scatter = np.cov(outputs.T, bias=True)
            views.append(scatter + 0.3 * np.mean(np.diag(scatter)) * np.eye(8))
        axes = np.vstack([axes.numpy() for axes in model.axes_.values()])
        np.testing.assert_allclose(axes.T @ block_diag(*views) @ axes, np.eye(axes.shape[1]), atol=1e-6)

    def test_mars_guides_with_frozen_labels(self, train):
        guides = {"image": [], "text": []}

        class Watched(MARS):
            def losses(self, network, X, Y, F):
                guides[next(iter(X))].append([weight.tolist() for weight in self.guide_.parameters()])
                return super().losses(network, X, Y, F)

        model = Watched(**SMALL).fit(train)
        final = [weight.tolist() for weight in model.guide_.parameters()]
        assert guides["image"][0] != final
        assert len(guides["text"]) == 15
        assert all(guide == final for guide in guides["text"])
        assert "guide" in model.history_[0]
        assert "guide" not in model.history_[-1]

    def test_mrl_is_steadier_than_cross_entropy_under_noise(self, make_split):
        train, _, test = (make_split({"image": (240, 7), "text": (240, 5)}, seed=seed, spread=1.0) for seed in range(3))
        noise = {**SMALL, "hidden": (64,), "epochs": 60, "label_noise": 0.6, "patience": None}
        pairs = class_pairs(train)
        scores = {method: method(**noise).fit(pairs).evaluate(test).mean() for method in (MRL, DeepSM)}
        assert scores[MRL] > scores[DeepSM]

    @pytest.mark.parametrize("method", [DCCA, SMLN, DSCMR])
    def test_divergence_has_a_name(self, method, train):
        with pytest.raises(TrainingDiverged, match="learning rate"):
            method(**{**SMALL, "hidden": (64, 64, 64), "learning_rate": 1e12}).fit(prepared(method, train))

    def test_paired_rows_stay_together(self, make_split):
        split = make_split({"a": (20, 3), "b": (20, 3)})
        split = Split(dict.fromkeys("ab", split.features["a"]), dict.fromkeys("ab", split.labels["a"]))
        seen = []

        def losses(self, network, X, Y, F):
            seen.extend(torch.equal(a, b) for a, b in combinations(X.values(), 2))
            return {"zero": 0 * F["a"].sum()}

        for method in (DSCMR, ACMR):
            type(method.__name__, (method,), {"losses": losses})(**{**SMALL, "epochs": 2, "batch_size": 8}).fit(split)
        assert len(seen) == 12
        assert all(seen[:6])
        assert not any(seen[6:])
