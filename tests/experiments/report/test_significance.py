"""Tests on numbers, against enumeration, SciPy's own functions and worked examples from the literature."""

import itertools

import numpy as np
import pytest
from scipy import stats

import drcl_mini.experiments.report.significance
from drcl_mini.experiments.report.significance import Ranking, average_ranks, holm, paired

SOURCE = np.random.default_rng(0)

# Demšar, JMLR 7 (2006), table 6: AUC of C4.5 and variants of it on 14 data sets. The last but one of C4.5+m+cf is
# printed as 0.975 too, but ranked below.
DEMSAR = {
    "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
    "C4.5+m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
    "C4.5+cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.975, 0.946],
    "C4.5+m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.974, 0.970],
}


def enumerated(values):
    """Two-sided p of the mean over all sign flips."""
    means = [np.mean(np.multiply(values, signs)) for signs in itertools.product([1, -1], repeat=len(values))]
    above = np.mean([mean >= np.mean(values) - 1e-12 for mean in means])
    below = np.mean([mean <= np.mean(values) + 1e-12 for mean in means])
    return min(1, 2 * min(above, below))


@pytest.mark.parametrize("n", [2, 3, 5, 8, 10])
def test_permutation_test_equals_enumeration(n):
    a, b = SOURCE.normal(0.3, 1, n), SOURCE.normal(0, 1, n)
    found = paired(a, b)
    assert found["p"] == pytest.approx(enumerated(a - b))
    assert found["p"] >= found["smallest_p"] == 2 / 2**n
    assert found["difference"] == pytest.approx(np.mean(a) - np.mean(b))
    low, high = stats.ttest_rel(a, b).confidence_interval()
    assert (found["difference"] - found["half"], found["difference"] + found["half"]) == pytest.approx((low, high))


@pytest.mark.parametrize("d", [[1, 1, 1, 1, 1, 1], [2, -1, 1, 0, 0], [0, 0, 3], [1, -1]])
def test_ties_and_zeros_equal_enumeration(d):
    assert paired(d, np.zeros(len(d)))["p"] == pytest.approx(enumerated(d))
    signed_ranks = np.sign(d) * stats.rankdata(np.abs(d))
    assert paired(d, np.zeros(len(d)), "wilcoxon")["p"] == pytest.approx(enumerated(signed_ranks))


@pytest.mark.parametrize("n", [5, 9, 12])
def test_wilcoxon_equals_scipy(n):
    a, b = SOURCE.normal(0.5, 1, n), SOURCE.normal(0, 1, n)
    assert paired(a, b, "wilcoxon")["p"] == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue)


def test_one_odd_pair_counts_less_for_wilcoxon():
    d = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, -9.0]
    assert paired(d, np.zeros(7), "wilcoxon")["p"] < paired(d, np.zeros(7))["p"]


def test_five_pairs_never_make_anything_significant():
    found = paired(np.full(5, 0.9), np.linspace(0.1, 0.2, 5))
    assert found["p"] == found["smallest_p"] == 0.0625


def test_many_pairs_draw_flips_and_repeat_them(monkeypatch):
    a, b = SOURCE.normal(0.4, 1, 12), np.zeros(12)
    exact = paired(a, b)["p"]
    monkeypatch.setattr(drcl_mini.experiments.report.significance, "RESAMPLES", 3999)
    drawn = paired(a, b)
    assert drawn["p"] == pytest.approx(exact, abs=4 * (exact / 3999) ** 0.5)
    assert drawn["p"] != exact
    assert drawn["smallest_p"] == 2 / 4000
    assert paired(a, b) == drawn
    sure = paired(np.ones(20), np.zeros(20))
    assert sure["p"] == sure["smallest_p"] == 2 / 4000


@pytest.mark.parametrize("test", ["permutation", "wilcoxon"])
def test_few_or_no_differences(test):
    same = paired([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], test)
    assert (same["difference"], same["half"], same["p"]) == (0, 0, 1)
    one = paired([0.5], [0.25], test)
    assert (one["n"], one["difference"], one["p"], one["smallest_p"]) == (1, 0.25, 1, 1)
    assert np.isnan(one["half"])
    none = paired([], [], test)
    assert none.pop("n") == 0
    assert np.isnan(list(none.values())).all()


def test_paired_bad_input(complains):
    with complains("(3,)", "(2,)"):
        paired([1, 2, 3], [1, 2])
    with complains("finite"):
        paired([1, np.nan], [1, 2])
    with complains("'wilcoxn'", "did you mean 'wilcoxon'"):
        paired([1, 2], [1, 2], "wilcoxn")


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # 3·.01, (2·.03), 2·.03, 4·.005
    assert holm([0.5, 0.6]).tolist() == [1, 1]
    assert holm([0.02, 0.02]).tolist() == [0.04, 0.04]
    assert holm([0.05]).tolist() == [0.05]
    assert len(holm([])) == 0


def test_holm_leaves_out_what_was_not_tested():
    assert holm([0.04, np.nan, 0.01]) == pytest.approx([0.04, np.nan, 0.02], nan_ok=True)


def test_holm_is_as_strict_as_bonferroni_at_most():
    p = SOURCE.random(30) ** 3
    assert (p <= holm(p)).all()
    assert (holm(p) <= np.minimum(1, 30 * p) + 1e-12).all()
    assert (np.diff(holm(p)[np.argsort(p)]) >= 0).all()


@pytest.mark.parametrize("p", [[0.5, 1.1], [-0.1], [[0.5]]])
def test_holm_bad_input(p, complains):
    with complains("from 0 to 1"):
        holm(p)


def test_ranks_equal_the_worked_example():
    found = average_ranks(DEMSAR)
    expected = {"C4.5+m+cf": 1.964, "C4.5+m": 2.0, "C4.5+cf": 2.893, "C4.5": 3.143}
    assert list(found.ranks) == list(expected)
    assert found.ranks == pytest.approx(expected, abs=5e-4)
    ties = 1 - 78 / (14 * (4**3 - 4))  # the paper's χ² has no correction for ties: three pairs and a four
    assert found.statistic * ties == pytest.approx(9.28, abs=0.005)
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 3))
    assert (found.blocks, found.left_out) == (14, ())
    assert found.critical == pytest.approx(1.25, abs=0.005)
    assert found.cliques == [list(expected)]
    lenient = average_ranks(DEMSAR, alpha=0.1)
    assert lenient.critical == pytest.approx(1.12, abs=0.005)
    assert lenient.cliques == [["C4.5+m+cf", "C4.5+m", "C4.5+cf"], ["C4.5+cf", "C4.5"]]


@pytest.mark.parametrize(("m", "q"), [(3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_difference_equals_the_tabled_one(m, q):
    scores = {f"method {i}": SOURCE.random(30) for i in range(m)}
    assert average_ranks(scores).critical == pytest.approx(q * (m * (m + 1) / 180) ** 0.5, abs=1e-3)


def test_identical_methods_share_the_rank():
    found = average_ranks({name: [0.5, 0.6, 0.7] for name in "ABC"})
    assert (found.ranks, found.statistic, found.p) == ({"A": 2, "B": 2, "C": 2}, 0, 1)
    assert found.cliques == [["A", "B", "C"]]


def test_cliques_hold_what_lies_within_the_critical_difference():
    def cliques(critical, *ranks):
        return Ranking(dict(zip("ABCDE", ranks, strict=False)), 9, 0.0, 1.0, critical).cliques

    assert cliques(1.0, 1, 2, 3, 4) == [["A", "B"], ["B", "C"], ["C", "D"]]
    assert cliques(1.5, 1, 1.2, 2.4, 4.5, 5) == [["A", "B", "C"], ["D", "E"]]
    assert cliques(0.5, 1, 2, 3) == []
    assert cliques(9, 1, 2, 3) == [["A", "B", "C"]]


@pytest.mark.parametrize(
    ("scores", "fragment"),
    [
        ({"A": [1, 2], "B": [2, 1]}, "at least 3"),
        ({"A": [1, 2], "B": [2, 1], "C": [1]}, "[1, 2] scores"),
        ({"A": [1], "B": [2], "C": [1]}, "at least 2 blocks"),
        ({"A": [1, 2], "B": [2, np.nan], "C": [1, 3]}, "finite"),
    ],
)
def test_ranks_bad_input(scores, fragment, complains):
    with complains(fragment):
        average_ranks(scores)


def test_ranks_bad_level(complains):
    with complains("alpha", "5"):
        average_ranks(DEMSAR, alpha=5)
