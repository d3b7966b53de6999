"""The linear methods' mathematics: known answers, slow references."""

import itertools

import numpy as np
import pytest
from scipy.linalg import eigh, subspace_angles
from sklearn.cross_decomposition import CCA, PLSSVD
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from drcl_mini import Split
from drcl_mini.baselines import GMA, GSSSL, MCCA, PLS, MvDA, MvDAVC, class_pairs
from drcl_mini.baselines.gss_sl import EPSILON
from drcl_mini.baselines.linear import prepare


def paired(n=200, widths=(6, 5), latent=2, noise=0.0, seed=0, classes=3):
    """Linear views of one latent signal, row by row; labels without a meaning."""
    source = np.random.default_rng(seed)
    signal = source.normal(size=(n, latent))
    features = {}
    for name, width in zip("abcd", widths, strict=False):
        rest = source.normal(size=(n, width - latent))
        features[name] = np.c_[signal + noise * source.normal(size=signal.shape), rest] @ source.normal(
            size=[width] * 2
        )
    y = np.arange(n) % classes
    return Split(features, dict.fromkeys(features, y))


def raw(model, split):
    """Embeddings before their rows get unit length."""
    return {v: model.preparations_[v].apply(x) @ model.weights_[v] for v, x in split.features.items()}


def correlations(a, b):
    return np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T, strict=True)])


# Preparation


@pytest.mark.parametrize("shape", [(50, 8), (8, 50)], ids=["tall", "wide"])
@pytest.mark.parametrize("variance", [0.7, 1.0])
def test_preparation_is_scikit_learns(shape, variance):
    x = np.random.default_rng(0).normal(size=shape) @ np.diag(np.arange(1, shape[1] + 1)) + 5
    mine = prepare(x.astype(np.float32), variance, "x").apply(x)
    z = StandardScaler().fit_transform(x)
    reference = PCA(variance if variance < 1 else min(shape[1], shape[0] - 1)).fit_transform(z)
    np.testing.assert_allclose(np.abs(mine), np.abs(reference), atol=1e-4)


def test_preparation_without_pca_only_standardises():
    x = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    np.testing.assert_allclose(prepare(x, None, "x").apply(x), StandardScaler().fit_transform(x.astype(float)))


def test_a_constant_feature_that_moves_later_has_no_say():
    x = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    x[:, 1] = 0.1
    later = x.copy()
    later[:, 1] = 1e6
    ready = prepare(x, 1.0, "x")
    np.testing.assert_allclose(ready.apply(later), ready.apply(x), atol=1e-9)


# Known answers


def test_mcca_finds_the_common_signal():
    split = paired()
    z = raw(MCCA(components=2, variance=1.0, regularisation=1e-8).fit(split), split)
    np.testing.assert_allclose(correlations(z["a"], z["b"]), 1, atol=1e-4)


def test_mcca_of_two_is_cca():
    split = paired(noise=0.7)
    z = raw(MCCA(components=3, variance=1.0, regularisation=0).fit(split), split)
    reference = CCA(n_components=3, tol=1e-12, max_iter=5000).fit(split.features["a"], split.features["b"])
    x, y = reference.transform(split.features["a"], split.features["b"])
    np.testing.assert_allclose(correlations(z["a"], z["b"]), correlations(x, y), atol=1e-5)
    np.testing.assert_allclose(np.abs(correlations(z["a"], x)), 1, atol=1e-4)


@pytest.mark.parametrize("widths", [(6, 5), (6, 5, 4)], ids=["two", "three"])
def test_mcca_is_cca_zoos(widths):
    linear = pytest.importorskip("cca_zoo.linear")
    split = paired(noise=0.7, widths=widths)
    z = raw(MCCA(components=2, variance=1.0, regularisation=0).fit(split), split)
    views = [StandardScaler().fit_transform(x.astype(float)) for x in split.features.values()]
    for mine, theirs in zip(z.values(), linear.MCCA(n_components=2).fit_transform(views), strict=True):
        np.testing.assert_allclose(np.abs(correlations(mine, np.asarray(theirs))), 1, atol=1e-4)


def test_pls_of_two_is_scikit_learns():
    split = paired(noise=0.7)
    z = raw(PLS(components=3, variance=1.0).fit(split), split)
    reference = PLSSVD(n_components=3).fit(split.features["a"], split.features["b"])
    for mine, theirs in zip(z.values(), reference.transform(split.features["a"], split.features["b"]), strict=True):
        np.testing.assert_allclose(np.abs(correlations(mine, theirs)), 1, atol=1e-5)


def test_pls_of_three_has_the_greatest_summed_covariance():
    split = paired(noise=0.7, widths=(6, 5, 4))
    model = PLS(components=1, variance=1.0).fit(split)
    z = [rows[:, 0] for rows in raw(model, split).values()]
    found = sum(np.mean(a * b) for a, b in itertools.permutations(z, 2))
    source, views = np.random.default_rng(1), model.prepared(split)
    w = [source.normal(size=(2000, x.shape[1])) for x in views.values()]
    lengths = np.sqrt(sum((part**2).sum(axis=1) for part in w))
    others = [x @ (part / lengths[:, None]).T for x, part in zip(views.values(), w, strict=True)]
    assert found > max(sum((a * b).mean(axis=0) for a, b in itertools.permutations(others, 2)))


@pytest.mark.parametrize("method", [GMA, MvDA])
def test_of_twins_it_is_a_discriminant_analysis(method, make_split):
    one = make_split({"a": (60, 6)}, classes=4, spread=2)
    split = Split({"a": one.features["a"], "b": one.features["a"]}, {"a": one.labels["a"], "b": one.labels["a"]})
    z = raw(method(regularisation=1e-9, variance=1.0).fit(split), split)
    reference = LinearDiscriminantAnalysis(solver="eigen").fit_transform(one.features["a"], one.labels["a"])
    np.testing.assert_allclose(z["a"], z["b"], atol=1e-6)
    assert z["a"].shape == (60, 3)
    centred = [rows - rows.mean(axis=0) for rows in (z["a"], reference)]
    np.testing.assert_allclose(subspace_angles(*centred), 0, atol=1e-4)


def test_mvda_maximises_the_scatters_as_the_paper_writes_them(make_split):
    split = make_split({"a": (40, 4), "b": (25, 3)}, classes=3, spread=1.5)
    model = MvDA(regularisation=0, variance=1.0).fit(split)
    views, labels = model.prepared(split), split.labels
    items = [(np.r_[x, np.zeros(3)], y) for x, y in zip(views["a"], labels["a"], strict=True)]
    items += [(np.r_[np.zeros(4), x], y) for x, y in zip(views["b"], labels["b"], strict=True)]
    mean = np.mean([x for x, _ in items], axis=0)
    within, between = np.zeros((7, 7)), np.zeros((7, 7))
    for c in range(3):
        members = [x for x, y in items if y == c]
        centre = np.mean(members, axis=0)
        between += len(members) * np.outer(centre - mean, centre - mean)
        for x in members:
            within += np.outer(x - centre, x - centre)
    w = np.vstack(list(model.weights_.values()))
    np.testing.assert_allclose(w.T @ within @ w, np.eye(2), atol=1e-8)
    best = eigh(between, within, eigvals_only=True)[::-1][:2]
    np.testing.assert_allclose(np.diag(w.T @ between @ w), best, rtol=1e-8)


def test_gma_solves_the_problem_as_written(make_split):
    split = make_split({"a": (40, 4), "b": (25, 3)}, classes=3, spread=1.5)
    model = GMA(regularisation=0, variance=1.0, coupling=5.0).fit(split)
    views, means, a, b = model.prepared(split), [], np.zeros((7, 7)), np.zeros((7, 7))
    for part, (name, x) in zip([slice(4), slice(4, 7)], views.items(), strict=True):
        centres = np.array([x[split.labels[name] == c].mean(axis=0) for c in range(3)])
        a[part, part] = sum(np.outer(centres[y], centres[y]) for y in split.labels[name]) / len(x)
        residuals = x - centres[split.labels[name]]
        b[part, part] = residuals.T @ residuals / (residuals**2).sum()
        means.append(centres / np.sqrt(3))
    a[:4, 4:] = 5 * means[0].T @ means[1]
    a[4:, :4] = a[:4, 4:].T
    w = np.vstack(list(model.weights_.values()))
    best = eigh(a, b, eigvals_only=True)[::-1][:2]
    np.testing.assert_allclose(w.T @ a @ w, np.diag(best), atol=1e-8)
    np.testing.assert_allclose(w.T @ b @ w, np.eye(2), atol=1e-8)


def test_view_consistency_is_the_distance_of_the_betas(train):
    split = class_pairs(train)
    model = MvDAVC(consistency=0.3, variance=1.0)
    views, scatter = model.prepared(split), np.diag(np.arange(1.0, 13))
    penalty = model.within(scatter, views) - scatter
    assert np.isclose(np.trace(penalty), 0.3 * np.trace(scatter))

    def distance(w):  # W_v = X_vᵀ β_v, by the n × n matrices of the paper
        halves = np.split(w, [7])
        ridges = [1e-4 * (x**2).sum() * np.eye(len(x)) for x in views.values()]
        a, b = (
            np.linalg.solve(x @ x.T + r, x @ half) for x, r, half in zip(views.values(), ridges, halves, strict=True)
        )
        return ((a - b) ** 2).sum()

    some = np.random.default_rng(0).normal(size=(20, 12))
    ratios = [w @ penalty @ w / distance(w) for w in some]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-8)


def test_more_view_consistency_brings_the_betas_together(train):
    split = class_pairs(train)

    def distance(consistency):
        model = MvDAVC(consistency=consistency, variance=1.0).fit(split)
        views = model.prepared(split)
        a, b = (np.linalg.pinv(x.T) @ model.weights_[name] for name, x in views.items())
        return np.linalg.norm(a - b) / np.linalg.norm(np.hstack([a, b]))

    assert distance(0) > distance(0.1) > distance(100)


def test_without_its_weight_mvda_vc_is_mvda(train, same):
    split = class_pairs(train)
    assert same(MvDAVC(consistency=0).fit(split).transform(split), MvDA().fit(split).transform(split))


@pytest.mark.parametrize("multi_hot", [False, True])
def test_gss_sl_takes_the_steps_of_the_dense_formulas(multi_hot, make_split):
    split = make_split(multi_hot=multi_hot, spread=2)
    model = GSSSL(iterations=4, fidelity=0.7, smoothness=0.9, sparsity=0.02).fit(split)
    views = model.prepared(split)
    y = np.vstack([t if multi_hot else np.eye(3)[t] for t in split.labels.values()]).astype(float)
    s = y @ y.T
    degree = np.diag(s.sum(axis=1) ** -0.5)
    laplacian = np.eye(len(y)) - degree @ s @ degree
    soft, p, values = y, {}, []
    for _ in range(4):
        start = 0
        for name, x in views.items():
            lengths = np.sqrt((p[name] ** 2).sum(axis=1) + EPSILON) if name in p else np.ones(x.shape[1])
            ridge = np.diag(len(x) * 0.02 / (2 * lengths))
            p[name] = np.linalg.solve(x.T @ x + ridge, x.T @ soft[start : start + len(x)])
            start += len(x)
        fitted = np.vstack([x @ p[name] for name, x in views.items()])
        soft = np.linalg.solve(1.7 * np.eye(len(y)) + 0.9 * laplacian, fitted + 0.7 * y)
        lengths = sum(len(x) * np.sqrt((p[name] ** 2).sum(axis=1) + EPSILON).sum() for name, x in views.items())
        smooth = np.trace(soft.T @ laplacian @ soft)
        values.append(((fitted - soft) ** 2).sum() + 0.7 * ((soft - y) ** 2).sum() + 0.02 * lengths + 0.9 * smooth)
    for name in views:
        np.testing.assert_allclose(model.weights_[name], p[name], atol=1e-6)
    np.testing.assert_allclose(model.objective_, values, rtol=1e-6)
    assert all(later <= earlier + 1e-6 for earlier, later in itertools.pairwise(model.objective_))


def test_gss_sl_switches_noise_features_off(make_split):
    split = make_split({"a": (200, 4), "b": (200, 4)}, spread=0.3)
    noise = np.random.default_rng(5).normal(size=(200, 6))
    split = Split({m: np.c_[x, noise] for m, x in split.features.items()}, split.labels)
    lengths = np.linalg.norm(GSSSL(sparsity=0.2, iterations=40).fit(split).weights_["a"], axis=1)
    assert lengths[4:].max() < 0.01 * lengths[:4].max()
