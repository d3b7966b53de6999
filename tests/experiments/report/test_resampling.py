"""Intervals over seeds and items: against SciPy's bootstrap, coverage, pairing, what is refused."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from drcl_mini import Split, evaluate
from drcl_mini.experiments.report.resampling import POWER, difference, differences, precisions, resample
from drcl_mini.experiments.store.items import pack, unpack
from drcl_mini.retrieval.evaluation import item_precisions


def run(method, seed, values, dataset="toy", **more):
    about = {"dataset": dataset, "method": method, "seed": seed, "error": None}
    return about | {"items": pack({name: np.asarray(x) for name, x in values.items()})} | more


def runs(method, table, **more):
    return [run(method, seed, {"a": row}, **more) for seed, row in enumerate(table)]


SOURCE = np.random.default_rng(0)
TABLE = SOURCE.uniform(0.2, 0.8, (6, 80))


def test_items_come_back_to_16_bits():
    values = {"a": np.linspace(0, 1, 9), "b/c": np.array([0.5])}
    back = unpack(pack(values))
    assert list(back) == ["a", "b/c"]
    assert all(np.abs(back[name] - values[name]).max() < 1e-5 for name in values)
    with pytest.raises(ValueError, match="base64"):
        unpack({"a": "no base64!"})


def test_the_mean_of_items_is_the_map():
    rows = {name: SOURCE.normal(size=(n, 4)) for name, n in (("a", 20), ("b", 30), ("c", 9))}
    labels = {name: np.arange(len(x)) % 3 for name, x in rows.items()}
    split = Split(rows, labels)
    found = item_precisions(rows, split)
    assert {name: len(x) for name, x in found.items()} == {"a": 20, "b": 30, "c": 9}
    assert np.mean([x.mean() for x in found.values()]) == pytest.approx(evaluate(rows, split).mean())


def test_with_one_seed_it_is_the_bootstrap_of_items():
    gap = SOURCE.normal(0.02, 0.1, 200)
    drawn = resample({"a": gap[None]}, 0)
    reference = bootstrap((gap,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1))
    assert drawn.std() == pytest.approx(reference.standard_error, rel=0.05)
    low, high = reference.confidence_interval
    assert np.percentile(drawn, [2.5, 97.5]) == pytest.approx([low, high], abs=0.003)


def test_with_equal_items_it_is_the_bootstrap_of_seeds():
    by_seed = np.array([0.0, 0.1, 0.3, 0.2])
    drawn = resample({"a": np.repeat(by_seed[:, None], 50, axis=1)}, 0)
    assert drawn.std() == pytest.approx(by_seed.std(ddof=1) / 2, rel=0.05)


def test_both_count_and_modalities_weigh_alike():
    few, many = np.full((3, 2), 0.4), np.zeros((3, 900))
    assert resample({"a": few, "b": many}, 0).mean() == pytest.approx(0.2)
    noisy = SOURCE.normal(size=(5, 40)) / 10 + SOURCE.normal(size=(5, 1)) / 10
    whole = resample({"a": noisy}, 0).std()
    assert whole > resample({"a": noisy.mean(axis=0, keepdims=True)}, 0).std()
    assert whole > resample({"a": np.repeat(noisy.mean(axis=1, keepdims=True), 40, axis=1)}, 0).std()


def test_a_difference_of_runs_that_share_items_is_narrow():
    records = runs("A", TABLE + 0.05) + runs("B", TABLE)
    found = difference(records, "toy", "A", "B")
    assert found["difference"] == pytest.approx(0.05, abs=1e-4)
    assert found["high"] - found["low"] < 0.001
    assert (found["seeds"], found["items"]) == (6, 80)
    assert found["seen"] == pytest.approx(POWER * found["error"])
    shuffled = runs("A", SOURCE.permuted(TABLE + 0.05, axis=1)) + runs("B", TABLE)
    wide = difference(shuffled, "toy", "A", "B")
    assert wide["high"] - wide["low"] > 0.03


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    hits = 0
    for trial in range(60):
        source = np.random.default_rng(trial)
        truth = source.normal(0, 0.02, (8, 1)) + source.normal(0, 0.1, (1, 60)) + source.normal(0, 0.05, (8, 60))
        low, high = np.percentile(resample({"a": truth}, trial, 500), [2.5, 97.5])
        hits += low <= 0 <= high
    assert 50 <= hits <= 60


def test_seeds_that_only_one_finished_are_left_out():
    records = runs("A", TABLE) + runs("B", TABLE[:4])
    records[1] |= {"error": "diverged", "items": None}
    assert difference(records, "toy", "A", "B")["seeds"] == 3


def test_every_method_beside_the_reference():
    records = runs("A", TABLE) + runs("B", TABLE) + runs("C", TABLE) + runs("A", TABLE, dataset="other")
    found = [(row["dataset"], row["method"]) for row in differences(records, "B")]
    assert found == [("toy", "A"), ("toy", "C")]


def test_what_does_not_fit_is_told():
    old = [{**record, "items": None} for record in runs("A", TABLE)]
    with pytest.raises(ValueError, match="A on toy, seed 0 has no scores of single items"):
        precisions(old, "toy", "A")
    with pytest.raises(ValueError, match="no finished runs of 'B' on 'toy'"):
        difference(runs("A", TABLE), "toy", "A", "B")
    with pytest.raises(ValueError, match="scored on other items"):
        difference(runs("A", TABLE) + runs("B", TABLE[:, :9]), "toy", "A", "B")
    with pytest.raises(ValueError, match="share no seed"):
        difference([*runs("A", TABLE), run("B", 77, {"a": TABLE[0]})], "toy", "A", "B")
