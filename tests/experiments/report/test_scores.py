"""One score per run, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from drcl_mini.experiments.report.scores import check_known, check_once, run_scores


def run(method="DRCL", seed=0, value=0.5, tasks=("ab", "ba"), **more):
    scores = [{"query": q, "gallery": g, "k": k, "map": value + (k == 50) / 10} for q, g in tasks for k in ("all", 50)]
    return {"dataset": "toy", "method": method, "seed": seed, "scores": scores, "error": None, **more}


def test_a_score_is_the_mean_of_the_tasks():
    record = run()
    record["scores"][0]["map"] = 0.9
    assert run_scores([record]).score.item() == pytest.approx((0.9 + 0.5) / 2)
    assert run_scores([record], k=50).score.item() == pytest.approx(0.6)


def test_a_validation_score_needs_no_tasks(complains):
    record = run(validation=0.75) | {"scores": []}
    assert run_scores([record, run(seed=1, error="no")], "validation").score[0] == 0.75
    with complains("no mAP@validation"):
        run_scores([record | {"validation": None}], "validation")


def test_a_failed_run_has_no_score():
    assert np.isnan(run_scores([run(error="no") | {"scores": []}]).score.item())


@pytest.mark.parametrize(
    ("records", "fragments"),
    [
        ([run(), {"method": "SM", "seed": 1}], ["record 2", "'dataset'"]),
        ([run() | {"scores": []}], ["DRCL on toy, seed 0", "no mAP@all"]),
        ([run(value=np.nan)], ["DRCL on toy, seed 0", "no mAP@all"]),
        ([], ["no records"]),
        ([run(), run("SM", tasks=["ab"])], ["SM on toy, seed 0", "other tasks (1)", "DRCL on toy, seed 0 (2)"]),
    ],
)
def test_foreign_records(records, fragments, complains):
    with complains(*fragments):
        run_scores(records)


def test_checks_speak_of_runs_that_finished(complains):
    scores = pd.DataFrame({"dataset": "toy", "method": ["SM", "SM"], "seed": 0, "score": [0.5, np.nan]})
    check_once(scores)
    check_known(scores, dataset=["toy"], method=["SM"])
    with complains("SM on toy, seed 0", "more than once", "one label noise"):
        check_once(scores.fillna(0.5))
    with complains("no runs of method 'SMM'", "did you mean 'SM'"):
        check_known(scores, dataset=["toy"], method=["SM", "SMM"])
