import json
import random
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import drcl_mini.experiments.run.execution as execution
import drcl_mini.experiments.run.priors as priors
from drcl_mini import DRCL, TrainingDiverged, load_dataset
from drcl_mini.baselines import SM
from drcl_mini.core.terminal import Terminated
from drcl_mini.experiments.plan.loading import digest
from drcl_mini.experiments.run.execution import run_task


def test_drcl_alone_gives_the_same(drcl):
    data, records = load_dataset("digits-halves"), run_task(drcl(seeds=(3, 5)))
    for record, seed in zip(records, (3, 5), strict=True):
        model = DRCL(**drcl().settings | {"seed": seed, "hidden": (8,)}).fit(data.train, data.validation)
        alone = execution.evaluate(model, data.test).records()
        assert [(s["query"], s["k"]) for s in record["scores"]] == [(s["query"], s["k"]) for s in alone]
        assert [s["map"] for s in record["scores"]] == pytest.approx([s["map"] for s in alone], abs=1e-3)
        expected = execution.evaluate(model, data.validation).mean()
        assert record["validation"] == pytest.approx(expected, abs=1e-3)
        assert (record["seed"], record["stack"], record["error"]) == (seed, 2, None)
        assert record["prior"]["source"] == model.prior_source_


def test_a_compared_method_alone_gives_the_same(sm):
    data, (record,) = load_dataset("digits-halves"), run_task(sm())
    model = SM(C=0.1).fit(data.train, data.validation)
    assert record["scores"] == model.evaluate(data.test).records()
    assert record["validation"] == model.evaluate(data.validation).mean()
    assert record["seconds"] > 0
    assert (record["pairing"], record["stack"], record["diverged"]) == (None, 1, False)


def test_records_say_where_they_come_from(drcl):
    for record in run_task(drcl()):
        assert json.loads(json.dumps(record)) == record
        assert record["environment"]["torch"] == torch.__version__
        assert record["peak_memory_mb"] > 50
        assert record["device"] in ("cpu", "cuda")
        assert record["commit"] is None or len(record["commit"].removesuffix("-dirty")) == 40
        assert record["seconds"] > 0
        assert record["warnings"] == []


def test_the_same_task_gives_the_same_bits(drcl, sm, scores):
    for task in (drcl(), sm()):
        assert scores(run_task(task)) == scores(run_task(task))


@pytest.mark.parametrize("error", [ValueError("two\nlines"), MemoryError(), KeyError("x"), SystemExit(3)])
def test_whatever_fails_is_recorded_in_one_line(toy, export, error):
    def fail(self, *data):
        raise error

    export("broken", _learn=fail)
    (record,) = run_task(toy("broken"))
    assert "\n" not in record["error"]
    assert record["error"] in ("two lines", "MemoryError", "KeyError: 'x'", "SystemExit: 3")
    assert record["scores"] == []
    assert record["environment"]


def test_sigterm_is_no_failure(toy, export):
    def ended(*data):
        raise Terminated(143)

    export("ended", _learn=ended)
    with pytest.raises(Terminated):
        run_task(toy("ended"))


def test_ctrl_c_is_no_failure(toy, drcl, export, monkeypatch):
    def interrupted(*data):
        raise KeyboardInterrupt

    export("broken", _learn=interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_task(toy("broken"))
    export("stoic", _learn=lambda self, *data: setattr(self, "interrupted_", True))
    with pytest.raises(KeyboardInterrupt):
        run_task(toy("stoic"))
    for stage in ("method.consistency", "many.stages"):  # fit_many makes a warning of it, for one seed and for more
        monkeypatch.setattr(f"drcl_mini.{stage}.augment", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_task(drcl())


def test_runs_that_diverge_are_failures_and_the_others_are_not(drcl, monkeypatch):
    fit_many = priors.fit_many

    def one_diverges(models, *data, **options):
        fit_many(models, *data, **options)
        models[1].partial_ = ["top"]
        raise TrainingDiverged("2 of 3 models; the others are fitted. model 1 (seed 1): no | model 2 (seed 2): none")

    monkeypatch.setattr(priors, "fit_many", one_diverges)
    records = run_task(drcl(seeds=range(3)))
    assert [(record["error"], record["diverged"]) for record in records] == [(None, False), ("no", True), (None, False)]
    monkeypatch.setattr(priors, "fit_many", fit_many)
    for record in run_task(drcl(learning_rate=1e30)):
        assert "consistency of 'top'" in record["error"]
        assert "seed" not in record["error"]
        assert record["diverged"]


def test_tasks_share_priors_and_give_the_same_as_alone(drcl, monkeypatch):
    def facts(records):
        return [(r["scores"], r["validation"], r["prior"]["source"], r["prior"]["quality"]) for r in records]

    learned = []
    fit_many = priors.fit_many

    def counting(models, train, held, given, memory):
        learned.append(sum(W is None for W in given))
        fit_many(models, train, held, given, memory)

    monkeypatch.setattr(priors, "fit_many", counting)
    variants = [{}, {"gamma": 0.5}, {"prior": "bottom"}, {"q_rate": 1.0}, {"prior": "simplex"}]
    alone = []
    for change in variants:
        priors._KEPT.clear()
        alone.append(run_task(drcl(seeds=(3, 5), **change)))
    priors._KEPT.clear()
    learned.clear()
    together = [run_task(drcl(seeds=(3, 5), **change)) for change in variants]
    assert learned == [2, 0, 0, 2, 2]  # q shapes the prior; a simplex needs no learning
    assert list(map(facts, together)) == [
        facts(records)
        if change != {"prior": "bottom"}
        else [(s, v, source, together[0][i]["prior"]["quality"]) for i, (s, v, source, _) in enumerate(facts(records))]
        for change, records in zip(variants, alone, strict=True)
    ]
    assert [r["prior"]["shared"] for records in together for r in records] == [False] * 2 + [True] * 4 + [False] * 4
    run_task(drcl(seeds=(3,)))
    assert learned[-1] == 0


def test_global_random_state_is_the_tasks_own(toy, export, scores):
    def careless(self, train, held):
        self.weights_ = {
            name: np.random.rand(x.shape[1], 3) * random.random() * torch.rand(1).item()  # noqa: NPY002
            for name, x in train.features.items()
        }

    export("careless", _learn=careless)
    first = scores(run_task(toy("careless")))
    torch.rand(7)
    before = random.getstate(), torch.get_rng_state()
    assert scores(run_task(toy("careless"))) == first
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_warnings_are_recorded_not_shown(toy, export):
    def learn(self, train, held):
        warnings.warn("not so\ngood", UserWarning, stacklevel=1)
        raise ValueError("bad")

    export("warns", _learn=learn)
    with warnings.catch_warnings(action="error"):
        (record,) = run_task(toy("warns"))
    assert record["warnings"] == ["UserWarning: not so good"]


def test_another_data_set_of_that_name_is_a_failure(toy, export):
    export()
    (record,) = run_task(toy(data=digest("digits-halves")))
    assert (record["error"], record["data"]) == (None, digest("digits-halves"))
    (record,) = run_task(toy(data="01234567"))
    assert all(part in record["error"] for part in ("'digits-halves'", digest("digits-halves"), "01234567"))


def test_tries_are_not_scored_on_test_data(toy, drcl, export, monkeypatch):
    export()
    data, seen = load_dataset("digits-halves"), []
    monkeypatch.setattr(execution, "dataset", lambda name: data)
    evaluate = execution.evaluate
    monkeypatch.setattr(execution, "evaluate", lambda model, split: (seen.append(split), evaluate(model, split))[1])
    for task in (toy(test=False), replace(drcl(seeds=[0]), test=False)):
        (record,) = run_task(task)
        assert (record["scores"], record["error"]) == ([], None)
        assert record["validation"] > 0
    assert seen == [data.validation] * 2


def test_validation_is_scored_on_the_modalities_it_has(toy, drcl, export, data, monkeypatch):
    export()
    found = data({"image": (24, 7), "text": (20, 5), "audio": (10, 4)})
    for names in (("image", "text"), ("image",), None):
        held = names and found.validation.only(*names)
        monkeypatch.setattr(execution, "dataset", lambda name, held=held: replace(found, validation=held))
        for task in (toy(), drcl(seeds=[0])):
            (record,) = run_task(task)
            assert record["error"] is None
            assert (record["validation"] is None) == (len(names or ()) < 2)
            assert len(record["scores"]) == 2 * 6


def test_a_model_of_a_stack_that_can_not_be_scored_harms_no_other(drcl, monkeypatch):
    evaluate = execution.evaluate

    def fails_for_one(model, split):
        if isinstance(model, DRCL) and model.settings.seed == 1:  # validation; test rows come embedded
            raise MemoryError
        return evaluate(model, split)

    monkeypatch.setattr(execution, "evaluate", fails_for_one)
    records = run_task(drcl(seeds=range(3)))
    assert [(record["error"], record["diverged"]) for record in records] == [
        (None, False),
        ("MemoryError", False),
        (None, False),
    ]
