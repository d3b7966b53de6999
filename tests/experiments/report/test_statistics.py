"""From runs to tables, comparisons, ranks and curves: nothing is dropped without a word."""

import numpy as np
import pandas as pd
import pytest

from drcl_mini.core.intervals import interval
from drcl_mini.experiments.report.significance import holm, paired
from drcl_mini.experiments.report.statistics import compare, compare_all, curve, rank_methods, table

LEVELS = {"DRCL": 0.60, "SM": 0.55, "MCCA": 0.30, "PLS": 0.30}


def run(method="DRCL", seed=0, value=0.5, dataset="toy", tasks=("ab", "ba"), **more):
    scores = [{"query": q, "gallery": g, "k": k, "map": value + (k == 50) / 10} for q, g in tasks for k in ("all", 50)]
    return {"dataset": dataset, "method": method, "seed": seed, "scores": scores, "error": None, **more}


def failed(**about):
    return run(**about) | {"scores": [], "error": "TrainingDiverged: epoch 3"}


def grid(datasets=("toy", "play", "game"), seeds=5):
    noise = np.random.default_rng(0).normal(0, 0.01, (len(datasets), len(LEVELS), seeds))
    return [
        run(method, seed, level + noise[i, j, seed], dataset)
        for i, dataset in enumerate(datasets)
        for j, (method, level) in enumerate(LEVELS.items())
        for seed in range(seeds)
    ]


def cell(frame, **where):
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_table_has_mean_and_interval_best_first():
    records = grid(seeds=4)
    found = table(records)
    assert len(found) == 3 * 4
    values = [r["scores"][0]["map"] for r in records if (r["dataset"], r["method"]) == ("play", "SM")]
    row = cell(found, dataset="play", method="SM")
    assert (row.n, row.failed) == (4, 0)
    assert (row["mean"], row.half) == pytest.approx((np.mean(values), interval(values)))
    for _, rows in found.groupby("dataset"):
        assert (np.diff(rows["mean"]) <= 0).all()
    pd.testing.assert_frame_equal(table(records[::-1]), found)
    assert cell(table(records, k=50), dataset="play", method="SM")["mean"] == pytest.approx(np.mean(values) + 0.1)


def test_table_counts_what_failed_or_never_ran():
    records = [run(seed=0), run(seed=1, value=0.7), failed(seed=2), failed(method="SM"), run(dataset="play")]
    found = table(records)
    assert found.astype({"n": int}).loc[:, ["dataset", "method", "n", "failed"]].to_numpy().tolist() == [
        ["play", "DRCL", 1, 0],
        ["play", "SM", 0, 0],
        ["toy", "DRCL", 2, 1],
        ["toy", "SM", 0, 1],
    ]
    assert found["mean"].tolist() == pytest.approx([0.5, np.nan, 0.6, np.nan], nan_ok=True)
    assert found.half.isna().tolist() == [True, True, False, True]  # one run has no interval


def test_a_failed_run_may_have_been_tried_again():
    row = table([failed(), run()]).iloc[0]
    assert (row.n, row.failed) == (1, 1)


def test_compare_pairs_by_seed_in_any_order():
    a, b = [0.61, 0.64, 0.60, 0.65], [0.55, 0.57, 0.59, 0.50]
    records = [run("DRCL", s, v) for s, v in enumerate(a)] + [run("SM", s, v) for s, v in reversed([*enumerate(b)])]
    found = compare(records, "toy", "DRCL", "SM")
    assert {name: found[name] for name in paired(a, b)} == pytest.approx(paired(a, b))
    assert (found["n"], found["unpaired"], found["p"]) == (4, 0, 2 / 2**4)
    back = compare(records, "toy", "SM", "DRCL")
    assert (back["difference"], back["p"]) == (-found["difference"], found["p"])
    assert compare(records, "toy", "DRCL", "DRCL")["p"] == 1


def test_compare_takes_the_seeds_that_both_finished():
    records = [run("DRCL", s, 0.6 + s / 100) for s in range(5)] + [run("SM", s) for s in (1, 2, 7)]
    records += [failed(method="SM", seed=3), run("SM", 0, dataset="play")]
    found = compare(records, "toy", "DRCL", "SM")
    assert (found["n"], found["unpaired"], found["smallest_p"]) == (2, 4, 0.5)
    assert found["difference"] == pytest.approx(0.115)
    records = [run("DRCL", 0), run("SM", 1)]
    assert compare(records, "toy", "DRCL", "SM")["n"] == 0


def test_compare_all_corrects_within_each_data_set():
    records = grid(seeds=10)
    found = compare_all(records, "SM")
    assert len(found) == 3 * 3
    assert set(found.reference) == {"SM"}
    for name, rows in found.groupby("dataset"):
        assert rows.p_holm.tolist() == pytest.approx(holm(rows.p).tolist())
        alone = compare_all([record for record in records if record["dataset"] == name], "SM")
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), alone)
    assert (found.smallest_p_holm == 3 * 2 / 2**10).all()
    for row in found.itertuples():
        assert compare(records, row.dataset, row.method, "SM")["p"] == row.p
        assert (row.difference > 0) == (row.method == "DRCL")
    wilcoxon = compare_all(records, "SM", test="wilcoxon")
    assert (wilcoxon.smallest_p_holm == found.smallest_p_holm).all()


def test_compare_all_says_when_nothing_could_be_significant():
    found = compare_all(grid(seeds=5), "DRCL")
    assert (found.smallest_p == 0.0625).all()
    assert (found.smallest_p_holm == 3 * 0.0625).all()
    assert (found.p_holm >= found.smallest_p_holm).all()


def test_compare_all_keeps_rows_without_a_shared_seed():
    records = [run("DRCL", s, 0.6 + s / 50) for s in range(6)] + [run("SM", s, 0.5) for s in range(6)]
    found = compare_all([*records, failed(method="PLS")], "DRCL")
    row = cell(found, method="PLS")
    assert (row.n, row.unpaired) == (0, 6)
    assert np.isnan(row[["p", "p_holm", "smallest_p"]].astype(float)).all()
    assert cell(found, method="SM").p_holm == 2 / 2**6  # a test that was not made costs the others nothing
    alone = compare_all([run("DRCL"), run("SM", 1)], "DRCL")
    assert np.isnan(alone[["p_holm", "smallest_p_holm"]].to_numpy(dtype=float)).all()


def test_one_seed_compares_without_a_verdict():
    found = compare_all([run("DRCL", 0, 0.6), run("SM", 0, 0.5)], "SM")
    row = found.iloc[0]
    assert (row.n, row.p, row.smallest_p_holm) == (1, 1, 1)
    assert np.isnan(row.half)


def test_ranks_over_data_sets():
    records = [r for r in grid() if r["method"] != "PLS"]
    found = rank_methods(records)
    assert found.ranks == {"DRCL": 1, "SM": 2, "MCCA": 3}
    assert (found.blocks, found.left_out) == (3, ())
    assert rank_methods(records, alpha=0.1).critical < found.critical


def test_data_sets_of_one_source_are_one_block():
    names = ("numbers", "numbers-theo", "spoken-digits", "things", "things-fine", "mine")
    values = {"A": 0.5, "B": 0.6, "C": 0.7}
    better = {("numbers-theo", "A"): 1.0, ("spoken-digits", "A"): 1.0}
    records = [run(m, 0, better.get((d, m), value), d) for d in names for m, value in values.items()]
    found = rank_methods(records)
    assert found.blocks == 3  # numbers, things, mine
    assert found.ranks == {"C": (2 + 1 + 1) / 3, "A": (1 + 3 + 3) / 3, "B": (3 + 2 + 2) / 3}


def test_ranks_name_the_data_sets_that_lack_a_method():
    records = [r for r in grid() if (r["dataset"], r["method"]) != ("game", "PLS")]
    found = rank_methods(records)
    assert (found.blocks, found.left_out) == (2, ("game (without PLS)",))
    assert rank_methods(records, methods=["DRCL", "SM", "MCCA"]).left_out == ()


def test_ranks_leave_out_and_name_a_data_set_where_a_method_has_fewer_runs():
    records = fail_one(grid(("toy", "play", "game", "joke")), "game", "SM")
    records = [r for r in fail_one(records, "joke", "DRCL") if (r["dataset"], r["method"]) != ("joke", "PLS")]
    found = rank_methods(records)
    assert found.blocks == 2
    assert found.left_out == ("game (4 of 5 runs of SM)", "joke (4 of 5 runs of DRCL, without PLS)")
    assert rank_methods(records, methods=["DRCL", "MCCA", "PLS"]).left_out == found.left_out[1:]


def fail_one(records, dataset, method):
    run = dataset, method, 1
    lost = failed(dataset=dataset, method=method, seed=1)
    return [lost if (r["dataset"], r["method"], r["seed"]) == run else r for r in records]


def test_ranks_need_blocks_and_methods(complains):
    one = grid(datasets=["toy"])
    with complains("1 sources of data", "add a data set"):
        rank_methods(one)
    with complains("0 sources of data", "play (without SM)", "toy (without MCCA)", "name methods"):
        rank_methods([run("DRCL"), run("SM"), run("MCCA", dataset="play"), run("DRCL", dataset="play")])


def test_curve_along_a_setting(complains):
    records = [run(seed=s, value=g / 2 + s / 100, settings={"gamma": g}) for g in (0.9, 0.5, 1.0) for s in range(3)]
    records.append(failed(seed=3, settings={"gamma": 0.5}))
    found = curve(records, "gamma")
    assert found.x.tolist() == [0.5, 0.9, 1.0]
    assert found.n.tolist() == [3, 3, 3]
    assert found.failed.tolist() == [1, 0, 0]
    assert found["mean"].tolist() == pytest.approx([0.26, 0.46, 0.51])
    half = interval([0, 0.01, 0.02])
    assert (found["mean"] - found.low).tolist() == pytest.approx([half] * 3)
    assert (found.high - found["mean"]).tolist() == pytest.approx([half] * 3)
    with complains("DRCL on toy, seed 0", "'gama'", "did you mean 'gamma'"):
        curve(records, "gama")


def test_curves_of_several_methods_and_of_values_that_are_no_numbers():
    records = [run(m, 0, 0.5, label_noise=x) for m in ("SM", "DRCL") for x in (0.2, 0)]
    assert curve(records, "label_noise")[["method", "x"]].to_numpy().tolist() == [
        ["DRCL", 0],
        ["DRCL", 0.2],
        ["SM", 0],
        ["SM", 0.2],
    ]
    records = [run(settings={"hidden": h}) for h in ([128, 128], [64], [1024], [])]
    assert curve(records, "hidden").x.tolist() == ["", "64", "128, 128", "1024"]
    records = [run(settings={"patience": p}) for p in (None, 15, 5)]
    assert curve(records, "patience").x.tolist() == [5, 15, "None"]
    records = [run(method=f"γ {x}", dataset=d, gamma=x) for x in (1, 2) for d in ("toy", "play")]
    assert curve(records, "gamma", by=["dataset"]).dataset.tolist() == ["play", "play", "toy", "toy"]


@pytest.mark.parametrize(
    ("function", "arguments", "fragments"),
    [
        (table, {"k": 10}, ["mAP@10", "'all', '50'"]),
        (compare, {"dataset": "toy", "method": "DRLC", "reference": "SM"}, ["'DRLC'", "did you mean 'DRCL'"]),
        (compare, {"dataset": "toys", "method": "DRCL", "reference": "SM"}, ["dataset 'toys'", "did you mean 'toy'"]),
        (compare, {"dataset": "toy", "method": "DRCL", "reference": "SM", "test": "t"}, ["'t'", "'permutation'"]),
        (compare_all, {"reference": "DRLC"}, ["'DRLC'", "did you mean 'DRCL'"]),
        (compare_all, {"reference": "SM", "test": "t"}, ["'t'", "'permutation'"]),
        (curve, {"x": "label_nose"}, ["'label_nose'", "did you mean 'label_noise'"]),
        (rank_methods, {"methods": ["DRCL", "SN"]}, ["'SN'", "'SM'"]),
    ],
)
def test_unknown_names(function, arguments, fragments, complains):
    with complains(*fragments):
        function([record | {"label_noise": 0.0} for record in grid()], **arguments)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (table, {}),
        (curve, {"x": "label_noise"}),
        (compare, {"dataset": "toy", "method": "DRCL", "reference": "SM"}),
        (compare_all, {"reference": "SM"}),
        (rank_methods, {}),
    ],
)
def test_no_run_is_there_twice(function, arguments, complains):
    records = [record | {"label_noise": 0.0} for record in grid()]
    with complains("DRCL on toy, seed 0", "more than once"):
        function([*records, records[0]], **arguments)
    with complains("no records"):
        function([], **arguments)


def test_a_method_alone_has_no_comparison(complains):
    with complains("all records are of 'DRCL'"):
        compare_all([run()], "DRCL")
