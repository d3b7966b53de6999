"""The deep compared methods' losses: each against plain loops."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as nnf
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.losses import NTXentLoss, ProxyAnchorLoss, SupConLoss

from drcl_mini import Split
from drcl_mini.baselines import DCCA
from drcl_mini.baselines.acmr import reverse, triplet_loss
from drcl_mini.baselines.dcca import correlation
from drcl_mini.baselines.deep_sm import label_loss
from drcl_mini.baselines.dscmr import likelihood_loss
from drcl_mini.baselines.fgcrossnet import center_loss, draw_quadruplets, quadruplet_loss
from drcl_mini.baselines.info_nce import pair_contrast
from drcl_mini.baselines.mrl import contrastive_loss, robust_clustering
from drcl_mini.baselines.parts import distances, related
from drcl_mini.baselines.proxy_anchor import proxy_anchor_loss
from drcl_mini.baselines.smln import graph_scatter, ratio_trace
from drcl_mini.baselines.supcon import supervised_contrast

ONE_HOT = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]).double()
MULTI_HOT = torch.tensor([[1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1]]).double()
both_labels = pytest.mark.parametrize("labels", [ONE_HOT, MULTI_HOT], ids=["one-hot", "multi-hot"])


def numbers(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def units(*shape, seed=0):
    return nnf.normalize(numbers(*shape, seed=seed), dim=-1)


def near(value, expected, rel=1e-9):
    assert value.item() == pytest.approx(expected, rel=rel, abs=1e-12)


def softmax(row):
    weights = [math.exp(z) for z in row.tolist()]
    return [w / sum(weights) for w in weights]


def dot(a, b):
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


class TestClassification:
    @both_labels
    def test_label_loss(self, labels):
        z, expected = numbers(5, 3), 0
        for row, y in zip(z, labels, strict=True):
            expected -= sum(t / y.sum().item() * math.log(p) for t, p in zip(y.tolist(), softmax(row), strict=True)) / 5
        near(label_loss(z, labels), expected)

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

    def test_reverse_turns_gradients_around(self):
        before, after = (torch.tensor([1.5], requires_grad=True) for _ in range(2))
        (after * reverse(3 * before, 0.25)).backward()
        assert after.grad.item() == pytest.approx(4.5)  # what comes after learns as usual
        assert before.grad.item() == pytest.approx(-0.25 * 3 * 1.5)


class TestDistances:
    @both_labels
    def test_related(self, labels):
        for i, j in permutations(range(5), 2):
            assert related(labels, labels)[i, j] == any(a and b for a, b in zip(labels[i], labels[j], strict=True))

    def test_distances_have_a_gradient_where_rows_are_equal(self):
        a, b = numbers(5, 3).requires_grad_(), numbers(5, 3, seed=1)
        b[2] = a[2].detach()
        expected = [math.dist(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
        assert distances(a, b).tolist() == pytest.approx(expected, rel=1e-9)
        distances(a, b).mean().backward()
        assert a.grad.isfinite().all()

    def test_triplet_loss_is_that_of_all_triplets(self):
        a, b, same = units(4, 3), units(5, 3, seed=1), related(ONE_HOT[:4], ONE_HOT)
        near_pairs, far_pairs = [], []
        for i in range(4):
            for j in range(5):
                (near_pairs if same[i, j] else far_pairs).append(math.dist(a[i].tolist(), b[j].tolist()))
        expected = sum(near_pairs) / len(near_pairs)
        expected += sum(max(0, 1.2 - gap) for gap in far_pairs) / len(far_pairs)
        near(triplet_loss(a, b, same, 1.2), expected)

    def test_triplet_loss_of_equal_rows_has_a_gradient(self):
        a = torch.ones(3, 2, requires_grad=True)
        triplet_loss(a, a, torch.ones(3, 3), 1.0).backward()
        assert a.grad.isfinite().all()

    def test_center_loss(self):
        f, c = numbers(5, 4), numbers(5, 4, seed=1)
        near(center_loss(f, c), sum(math.dist(x, m) ** 2 for x, m in zip(f.tolist(), c.tolist(), strict=True)) / 5)

    def test_quadruplet_loss(self):
        """One hinge on the sum of both margins' terms, mean over what is above 0: the authors' ``rankingloss.py``."""
        a, p, n, o = rows = numbers(4, 6, 2)
        losses = []
        for i in range(6):
            near_, far, apart = (math.dist(x[i].tolist(), y[i].tolist()) for x, y in [(a, p), (a, n), (n, o)])
            losses.append(max(0, (near_ - far + 1.0) + (near_ - apart + 0.5)))
        above = [loss for loss in losses if loss]
        assert 0 < len(above) < 6
        near(quadruplet_loss(*rows, 1.5), sum(above) / len(above))

    @both_labels
    def test_quadruplets_have_the_classes_they_need(self, labels):
        labels, positives, seen = torch.cat([labels, ONE_HOT[:1]]).repeat(4, 1), set(), 0
        same = related(labels, labels)
        for seed in range(100):
            for a, p, n, o in draw_quadruplets(labels, torch.Generator().manual_seed(seed)).T.tolist():
                assert a != p
                assert same[a, p]
                assert not any([same[a, n], same[a, o], same[n, o]])
                positives |= {p} if a == 1 else set()
                seen += 1
        assert seen > 800  # of multi-hot items many lack one of the three
        if labels.sum() == len(labels):  # one-hot
            assert seen == 2400
            assert positives == {4, 7, 10, 13, 16, 19, 22}  # all of its class but itself

    def test_quadruplets_need_three_classes(self):
        chosen = draw_quadruplets(torch.eye(2).repeat(3, 1), torch.Generator().manual_seed(0))
        assert chosen.shape == (4, 0)
        assert quadruplet_loss(*numbers(6, 2)[chosen], 1.5) == 0


class TestPairs:
    @pytest.mark.parametrize("scale", [0.5, 2.0])
    @both_labels
    def test_likelihood_loss(self, labels, scale):
        a, b, same, expected = numbers(5, 4), numbers(3, 4, seed=1), related(labels, torch.eye(3).double()), 0
        for i in range(5):
            for j in range(3):
                gamma = scale * dot(a[i], b[j]) / math.sqrt(dot(a[i], a[i]) * dot(b[j], b[j]))
                expected += (math.log(1 + math.exp(gamma)) - same[i, j].item() * gamma) / 15
        near(likelihood_loss(a, b, same, scale), expected)

    @pytest.mark.parametrize("count", [2, 3])
    def test_contrastive_loss(self, count):
        views, expected = [units(4, 3, seed=seed).requires_grad_() for seed in range(count)], 0
        for v in range(count):
            for i in range(4):
                alike = {
                    (u, j): math.exp(dot(views[u][j], views[v][i]) / 0.5)
                    for u in range(count)
                    for j in range(4)
                    if (u, j) != (v, i)
                }
                hit = sum(alike[u, i] for u in range(count) if u != v)
                expected -= 2 / (count * 4) * math.log(hit / sum(alike.values()))
        near(contrastive_loss(views, 0.5), expected)
        contrastive_loss(views, 0.5).backward()
        assert all(view.grad.isfinite().all() for view in views)


class TestCorrelation:
    def test_is_the_sum_of_singular_values(self):
        a, b, ridge = numbers(30, 4).numpy(), numbers(30, 3, seed=1).numpy(), 0.01

        def power(matrix):
            values, vectors = np.linalg.eigh(matrix)
            return vectors @ np.diag(values**-0.5) @ vectors.T

        a_, b_ = a - a.mean(axis=0), b - b.mean(axis=0)
        left, right = (m + ridge * np.mean(np.diag(m)) * np.eye(len(m)) for m in (a_.T @ a_ / 29, b_.T @ b_ / 29))
        expected = np.linalg.svd(power(left) @ (a_.T @ b_ / 29) @ power(right), compute_uv=False).sum()
        near(correlation(torch.from_numpy(a), torch.from_numpy(b), ridge), expected)

    def test_of_two_linear_views_of_one_latent_is_full(self):
        latent = numbers(50, 3)
        assert correlation(latent @ numbers(3, 3, seed=1), latent @ numbers(3, 3, seed=2), 1e-9).item() > 3 - 1e-4

    def test_does_not_depend_on_length(self):
        a, b = numbers(30, 4), numbers(30, 3, seed=1)
        near(correlation(1000 * a, 0.01 * b, 0.1), correlation(a, b, 0.1).item())

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
        variance = sum(x * x for row in centred for x in row) / 5 / 2
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
                near(total[k, m], sum(row[k] * row[m] for row in centred) / 5 + 0.1 * variance * (k == m))

    def test_is_the_sum_of_eigenvalues(self):
        f, y = numbers(12, 3), ONE_HOT.repeat(3, 1)[:12]
        between, total = graph_scatter(f, y, 0.01)
        near(ratio_trace(f, y, 0.01), np.linalg.eigvals(np.linalg.inv(total.numpy()) @ between.numpy()).real.sum())

    def test_does_not_depend_on_a_linear_map(self):
        f, y = numbers(12, 3), ONE_HOT.repeat(3, 1)[:12]
        near(ratio_trace(f, y, 0.0), ratio_trace(f @ numbers(3, 3, seed=1) + 5, y, 0.0).item())


class TestMetricLearning:
    """Losses of metric learning, as pytorch-metric-learning has them; with several classes an item, plain loops."""

    CLASSES = torch.tensor([0, 1, 0, 2, 1, 0, 3])  # class 3 is there once, class 4 never
    LABELS = nnf.one_hot(CLASSES, 5).double()

    def test_proxy_anchor(self):
        features, proxies = numbers(7, 6), numbers(5, 6, seed=1)
        reference = ProxyAnchorLoss(5, 6, margin=0.1, alpha=32).double()
        reference.proxies.data = proxies
        near(proxy_anchor_loss(features, self.LABELS, proxies, 32, 0.1), reference(features, self.CLASSES).item())

    def test_proxy_anchor_of_several_classes(self):
        features, proxies, expected = numbers(5, 4), numbers(3, 4, seed=1), 0
        for c in range(3):
            s = [torch.cosine_similarity(f, proxies[c], dim=0).item() for f in features]
            own = [bool(y[c]) for y in MULTI_HOT]
            expected += math.log(1 + sum(math.exp(-2 * (v - 0.1)) for v, o in zip(s, own, strict=True) if o)) / 3
            expected += math.log(1 + sum(math.exp(2 * (v + 0.1)) for v, o in zip(s, own, strict=True) if not o)) / 3
        near(proxy_anchor_loss(features, MULTI_HOT, proxies, 2, 0.1), expected)

    def test_supervised_contrast(self):
        features = numbers(7, 6)
        reference = SupConLoss(temperature=0.1, distance=CosineSimilarity())
        near(supervised_contrast(features, self.LABELS, 0.1), reference(features, self.CLASSES).item())

    def test_supervised_contrast_of_several_classes(self):
        features, expected, anchors = numbers(5, 4), 0, 0
        rows = nnf.normalize(features, dim=1)
        for i in range(5):
            others = [a for a in range(5) if a != i]
            whole = math.log(sum(math.exp(dot(rows[i], rows[a]) / 0.5) for a in others))
            own = [p for p in others if dot(MULTI_HOT[i], MULTI_HOT[p])]
            anchors += bool(own)
            expected -= sum(dot(rows[i], rows[p]) / 0.5 - whole for p in own) / max(len(own), 1)
        near(supervised_contrast(features, MULTI_HOT, 0.5), expected / anchors)

    def test_nothing_alike_is_no_loss(self):
        features = numbers(3, 4).requires_grad_()
        loss = supervised_contrast(features, torch.eye(3).double(), 0.1)
        loss.backward()
        assert loss.item() == 0
        assert features.grad.isfinite().all()

    def test_pair_contrast(self):
        a, b = numbers(6, 4), numbers(6, 4, seed=1)
        pairs, rows = torch.arange(6), torch.cat([a, b])
        reference = NTXentLoss(temperature=0.07, distance=CosineSimilarity())
        apart = [(i, j) for i in range(6) for j in range(6) if i != j]
        i, j = (torch.tensor(side) for side in zip(*apart, strict=True))
        there = reference(rows, pairs.repeat(2), (pairs, pairs + 6, i, j + 6))
        back = reference(rows, pairs.repeat(2), (pairs + 6, pairs, i + 6, j))
        found = pair_contrast(a, b, torch.tensor(1 / 0.07).double())
        near(found, (there + back).item() / 2, rel=1e-7)  # the reference adds a small number in its logarithm
