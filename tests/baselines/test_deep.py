"""The deep compared methods: each loss against plain loops, and what every method must do."""

import math
from dataclasses import fields
from itertools import combinations, permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf

from drcl_mini import Split, TrainingDiverged
from drcl_mini.baselines import ACMR, DCCA, DCCAE, DSCMR, MARS, MRL, SDML, SMLN, DeepSM, FGCrossNet, class_pairs
from drcl_mini.baselines.acmr import reverse, triplet_loss
from drcl_mini.baselines.dcca import correlation
from drcl_mini.baselines.deep_sm import label_loss
from drcl_mini.baselines.dscmr import invariance_loss, likelihood_loss, regression_loss
from drcl_mini.baselines.fgcrossnet import center_loss, draw_quadruplets, quadruplet_loss
from drcl_mini.baselines.joint import mlp, related
from drcl_mini.baselines.mars import agreement_loss
from drcl_mini.baselines.mrl import contrastive_loss, robust_clustering
from drcl_mini.baselines.sdml import subspace_loss
from drcl_mini.baselines.smln import graph_scatter, ratio_trace

METHODS = (DeepSM, DCCA, DCCAE, ACMR, FGCrossNet, SDML, DSCMR, SMLN, MRL, MARS)
SMALL = {"hidden": (16,), "dim": 8, "epochs": 15, "learning_rate": 0.01, "device": "cpu"}
ONE_HOT = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]).double()
MULTI_HOT = torch.tensor([[1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1]]).double()
each = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
both_labels = pytest.mark.parametrize("labels", [ONE_HOT, MULTI_HOT], ids=["one-hot", "multi-hot"])


def numbers(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def units(*shape, seed=0):
    return nnf.normalize(numbers(*shape, seed=seed), dim=-1)


def near(value, expected):
    assert value.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def softmax(row):
    weights = [math.exp(z) for z in row.tolist()]
    return [w / sum(weights) for w in weights]


def dot(a, b):
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def prepared(method, split):
    return class_pairs(split) if method.needs_pairs else split


class TestLosses:
    @both_labels
    def test_label_loss(self, labels):
        z, expected = numbers(5, 3), 0
        for row, y in zip(z, labels, strict=True):
            expected -= sum(t / y.sum().item() * math.log(p) for t, p in zip(y.tolist(), softmax(row), strict=True)) / 5
        near(label_loss(z, labels), expected)

    @both_labels
    def test_related(self, labels):
        for i, j in permutations(range(5), 2):
            assert related(labels, labels)[i, j] == any(a and b for a, b in zip(labels[i], labels[j], strict=True))

    def test_triplet_loss_is_that_of_all_triplets(self):
        a, b, same = units(4, 3), units(5, 3, seed=1), related(ONE_HOT[:4], ONE_HOT)
        near_pairs, far_pairs = [], []
        for i in range(4):
            for j in range(5):
                (near_pairs if same[i, j] else far_pairs).append(math.dist(a[i].tolist(), b[j].tolist()))
        expected = sum(near_pairs) / len(near_pairs)
        expected += 0.3 * sum(max(0, 1.2 - gap) for gap in far_pairs) / len(far_pairs)
        near(triplet_loss(a, b, same, 1.2, 0.3), expected)

    def test_triplet_loss_of_equal_rows_has_a_gradient(self):
        a = torch.ones(3, 2, requires_grad=True)
        triplet_loss(a, a, torch.ones(3, 3), 1.0, 1.0).backward()
        assert a.grad.isfinite().all()

    def test_reverse_turns_gradients_around(self):
        before, after = (torch.tensor([1.5], requires_grad=True) for _ in range(2))
        (after * reverse(3 * before, 0.25)).backward()
        assert after.grad.item() == pytest.approx(4.5)  # what comes after learns as usual
        assert before.grad.item() == pytest.approx(-0.25 * 3 * 1.5)

    def test_center_loss(self):
        f, c = numbers(5, 4), numbers(5, 4, seed=1)
        near(center_loss(f, c), sum(math.dist(x, m) ** 2 / 2 for x, m in zip(f.tolist(), c.tolist(), strict=True)) / 5)

    def test_quadruplet_loss(self):
        a, p, n, o = rows = numbers(4, 6, 2)

        def square(x, y):
            return math.dist(x.tolist(), y.tolist()) ** 2

        expected = 0
        for i in range(6):
            expected += max(0, square(a[i], p[i]) - square(a[i], n[i]) + 1.0) / 6
            expected += max(0, square(a[i], p[i]) - square(o[i], n[i]) + 0.5) / 6
        near(quadruplet_loss(*rows, (1.0, 0.5)), expected)

    @both_labels
    def test_quadruplets_have_the_classes_they_need(self, labels):
        labels, positives = labels.repeat(4, 1), set()
        same = related(labels, labels)
        for seed in range(100):
            for a, p, n, o in draw_quadruplets(labels, torch.Generator().manual_seed(seed)).T.tolist():
                assert a != p
                assert same[a, p]
                assert not any([same[a, n], same[a, o], same[n, o]])
                positives |= {p} if a == 1 else set()
        if labels.sum() == len(labels):  # one-hot
            assert positives == {4, 6, 9, 11, 14, 16, 19}  # all of its class but itself

    def test_quadruplets_need_three_classes(self):
        assert draw_quadruplets(torch.eye(2).repeat(3, 1), torch.Generator().manual_seed(0)).shape == (4, 0)

    def test_subspace_loss(self):
        f, p = numbers(5, 4), numbers(4, 3, seed=1)
        expected = sum((dot(f[i], p[:, c]) - ONE_HOT[i, c].item()) ** 2 for i in range(5) for c in range(3)) / 5
        near(subspace_loss(f, ONE_HOT, p), expected)

    @both_labels
    def test_likelihood_loss(self, labels):
        a, b, same, expected = numbers(5, 4), numbers(5, 4, seed=1), related(labels, labels), 0
        for i in range(5):
            for j in range(5):
                half = dot(a[i], b[j]) / math.sqrt(dot(a[i], a[i]) * dot(b[j], b[j])) / 2
                expected += (math.log(1 + math.exp(half)) - same[i, j].item() * half) / 25
        near(likelihood_loss(a, b, same), expected)

    def test_agreement_loss(self):
        f, h, same, expected = units(5, 4), units(3, 4, seed=1), related(MULTI_HOT, torch.eye(3).double()), 0
        for i in range(5):
            for j in range(3):
                gamma = 7 * dot(f[i], h[j])
                expected += (math.log(1 + math.exp(gamma)) - same[i, j].item() * gamma) / 15
        near(agreement_loss(f, h, same, 7.0), expected)

    def test_regression_and_invariance_loss(self):
        a, b = numbers(5, 3), numbers(5, 3, seed=1)
        expected = math.dist(a.flatten().tolist(), b.flatten().tolist()) / 5
        near(regression_loss(a, b, torch.nn.Identity()), expected)
        near(invariance_loss(a, b), expected)

    @both_labels
    def test_robust_clustering(self, labels):
        z, expected = numbers(5, 3).requires_grad_(), 0
        for row, y in zip(z, labels, strict=True):
            hit = sum(t * p for t, p in zip(y.tolist(), softmax(row), strict=True))
            expected += 0 if y.all() else math.log(1 - hit) / 5
        near(robust_clustering(z, labels), expected)
        robust_clustering(z, labels).backward()
        assert z.grad.isfinite().all()

    def test_robust_clustering_trusts_likely_items(self):
        z = torch.tensor([[3.0, 0.0], [0.0, 3.0]], requires_grad=True)
        robust_clustering(z, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).backward()
        assert z.grad[0, 0].item() == pytest.approx(-1 / (1 + math.exp(-3)) / 2)  # −p
        assert z.grad[1, 0].item() == pytest.approx(-1 / (1 + math.exp(3)) / 2)

    def test_contrastive_loss(self):
        views, expected = [units(4, 3, seed=seed) for seed in range(3)], 0
        for v in views:
            for i in range(4):
                hit = sum(math.exp(dot(u[i], v[i]) / 0.5) for u in views)
                expected -= math.log(hit / sum(math.exp(dot(u[j], v[i]) / 0.5) for u in views for j in range(4))) / 4
        near(contrastive_loss(views, 0.5), expected)


class TestCorrelation:
    def test_is_the_sum_of_singular_values(self):
        a, b, ridge = numbers(30, 4).numpy(), numbers(30, 3, seed=1).numpy(), 0.01

        def power(matrix):
            values, vectors = np.linalg.eigh(matrix)
            return vectors @ np.diag(values**-0.5) @ vectors.T

        a_, b_ = a - a.mean(axis=0), b - b.mean(axis=0)
        left, right = a_.T @ a_ / 29 + ridge * np.eye(4), b_.T @ b_ / 29 + ridge * np.eye(3)
        expected = np.linalg.svd(power(left) @ (a_.T @ b_ / 29) @ power(right), compute_uv=False).sum()
        near(correlation(torch.from_numpy(a), torch.from_numpy(b), ridge), expected)

    def test_of_two_linear_views_of_one_latent_is_full(self):
        latent = numbers(50, 3)
        assert correlation(latent @ numbers(3, 3, seed=1), latent @ numbers(3, 3, seed=2), 1e-9).item() > 3 - 1e-4

    def test_gradient(self):
        a, b = numbers(12, 3).requires_grad_(), numbers(12, 2, seed=1).requires_grad_()
        assert torch.autograd.gradcheck(lambda a, b: correlation(a, b, 0.1), (a, b))

    def test_dcca_finds_one_latent_in_two_views(self):
        source, latent = np.random.default_rng(0), np.random.default_rng(1).normal(size=(400, 2))
        views = {"a": latent @ source.normal(size=(2, 6)), "b": latent @ source.normal(size=(2, 5))}
        y = (latent[:, 0] > 0).astype(int)
        split = Split({name: x + 0.01 * source.normal(size=x.shape) for name, x in views.items()}, {"a": y, "b": y})
        model = DCCA(hidden=(), dim=2, epochs=60, learning_rate=0.01, ridge=1e-3, device="cpu").fit(split)
        assert model.history_[-1]["correlation"] < -1.98
        rows = model.transform(split)
        assert (rows["a"] * rows["b"]).sum(axis=1).mean() > 0.99


class TestRatioTrace:
    @both_labels
    def test_scatter_is_that_of_the_graph(self, labels):
        f = numbers(5, 2)
        centred, y = (f - f.mean(dim=0)).tolist(), (labels / labels.sum(dim=1, keepdim=True)).tolist()
        sizes = [sum(row[c] for row in y) for c in range(3)]
        between, total = graph_scatter(f, labels, 0.1)
        for k in range(2):
            for m in range(2):
                edges = sum(
                    y[i][c] * y[j][c] / sizes[c] * centred[i][k] * centred[j][m]
                    for i in range(5)
                    for j in range(5)
                    for c in range(3)
                )
                near(between[k, m], edges / 5)
                near(total[k, m], sum(row[k] * row[m] for row in centred) / 5 + 0.1 * (k == m))

    def test_is_the_sum_of_eigenvalues(self):
        f, y = numbers(12, 3), ONE_HOT.repeat(3, 1)[:12]
        between, total = graph_scatter(f, y, 0.01)
        near(ratio_trace(f, y, 0.01), np.linalg.eigvals(np.linalg.inv(total.numpy()) @ between.numpy()).real.sum())

    def test_does_not_depend_on_a_linear_map(self):
        f, y = numbers(12, 3), ONE_HOT.repeat(3, 1)[:12]
        near(ratio_trace(f, y, 0.0), ratio_trace(f @ numbers(3, 3, seed=1) + 5, y, 0.0).item())


class TestEveryMethod:
    @each
    def test_beats_chance(self, method, make_split):
        sizes = {"image": (90, 7), "text": (60, 5)}
        train, test = make_split(sizes), make_split(sizes, seed=1)
        model = method(**SMALL).fit(prepared(method, train), test)
        assert model.evaluate(test).mean() > (0.6 if method in (DCCA, DCCAE) else 0.75)  # chance is 0.37

    @each
    def test_three_modalities_of_other_sizes(self, method, make_split):
        sizes = {"image": (60, 7), "text": (50, 5), "keys": (33, 4)}  # a name that nn.ModuleDict refuses
        train, test = make_split(sizes), make_split(sizes, seed=1)
        model = method(**SMALL).fit(prepared(method, train), test)
        assert len(model.evaluate(test).scores) == 6
        assert model.evaluate(test).mean() > 0.6

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
        for records in runs:
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
    def test_grid_is_small_and_fits_the_method(self, method):
        assert 1 < math.prod(map(len, method.grid.values())) <= 6
        for name, values in method.grid.items():
            for value in values:
                method(**{name: value})

    @each
    def test_label_noise_changes_labels_only(self, method, train, make_split, complains):
        noisy = method(**{**SMALL, "epochs": 1, "label_noise": 0.5}).fit(prepared(method, train))
        clean = method(**{**SMALL, "epochs": 1}).fit(prepared(method, train))
        same = noisy.history_[0]["total"] == clean.history_[0]["total"]
        assert same == (method in (DCCA, DCCAE))  # they use none
        multi = make_split({"image": (20, 7), "text": (20, 5)}, multi_hot=True)
        multi = Split(multi.features, dict.fromkeys(multi.modalities, multi.labels["image"]))
        with complains("label_noise", "multi-hot"):
            method(**{**SMALL, "label_noise": 0.5}).fit(multi)


def test_mlp_draws_from_its_source():
    first, again = (mlp(3, (4,), 2, torch.Generator().manual_seed(5)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))


def test_shared_layer_needs_a_hidden_one(train, complains):
    with complains("FGCrossNet", "hidden"):
        FGCrossNet(**{**SMALL, "hidden": ()}).fit(train)


def test_dscmr_shares_its_last_layer(train):
    network = DSCMR(**{**SMALL, "epochs": 1}).fit(class_pairs(train)).networks_["image"]
    assert [layer.out_features for layer in network.encoders[0].layers if isinstance(layer, torch.nn.Linear)] == [16]
    assert network.parts["last"][0].weight.shape == (8, 16)


@pytest.mark.parametrize("method", [DeepSM, SDML, MARS])
def test_modalities_train_alone(method, train):
    """Another second modality doesn't move the first one."""
    other = Split({**train.features, "text": train.features["text"][:9] + 1}, {**train.labels, "text": [0, 1, 2] * 3})
    first, second = (method(**SMALL).fit(split).transform(train)["image"] for split in (train, other))
    assert np.array_equal(first, second)


def test_mars_guides_with_frozen_labels(train, monkeypatch):
    guides, one_run = [], MARS._train

    def watch(self, *given):
        one_run(self, *given)
        guides.append([weight.tolist() for weight in self._guide.parameters()])

    monkeypatch.setattr(MARS, "_train", watch)
    model = MARS(**SMALL).fit(train)
    assert guides[0] == guides[1]
    assert "guide" in model.history_[0]
    assert "guide" not in model.history_[-1]


def test_mrl_is_steadier_than_cross_entropy_under_noise(make_split):
    sizes = {"image": (240, 7), "text": (240, 5)}
    train, test = class_pairs(make_split(sizes, spread=1.0)), make_split(sizes, seed=1, spread=1.0)
    noise = {**SMALL, "hidden": (64,), "epochs": 60, "label_noise": 0.6, "patience": None}
    scores = {method: method(**noise).fit(train).evaluate(test).mean() for method in (MRL, DeepSM)}
    assert scores[MRL] > scores[DeepSM]


@pytest.mark.parametrize("method", [DCCA, SMLN, DSCMR])
def test_divergence_has_a_name(method, train):
    with pytest.raises(TrainingDiverged, match="learning rate"):
        method(**{**SMALL, "hidden": (64, 64, 64), "learning_rate": 1e12}).fit(prepared(method, train))


def test_paired_rows_stay_together(make_split, monkeypatch):
    split = make_split({"a": (20, 3), "b": (20, 3)})
    split = Split(dict.fromkeys("ab", split.features["a"]), dict.fromkeys("ab", split.labels["a"]))
    seen = []

    def losses(self, network, batch):
        seen.extend(torch.equal(a, b) for (a, _), (b, _) in combinations(batch.values(), 2))
        return {"zero": 0 * network.outputs("a", batch["a"][0]).sum()}

    for method in (DSCMR, ACMR):
        monkeypatch.setattr(method, "_losses", losses)
        method(**{**SMALL, "epochs": 2, "batch_size": 8}).fit(split)
    assert all(seen[:6])
    assert not any(seen[6:])
