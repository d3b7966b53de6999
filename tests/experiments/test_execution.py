import json
import random
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import drcl_mini.experiments.execution as execution
from drcl_mini import DRCL, MultimodalDataset, TrainingDiverged, load_dataset
from drcl_mini.baselines import SM, class_pairs
from drcl_mini.experiments.execution import run_task
from drcl_mini.experiments.grid import Task
from drcl_mini.noise import with_label_noise
from drcl_mini.recasting import one_hot
from drcl_mini.training import generator


@pytest.fixture
def toy():
    return lambda method="toy", seed=0, **more: Task("digits-halves", method, method, {"width": 3}, (seed,), **more)


@pytest.fixture
def data(monkeypatch, make_split):
    """Have the tasks find a data set of blobs."""

    def use(sizes, **options):
        parts = [make_split(sizes, seed=seed, **options) for seed in range(3)]
        found = MultimodalDataset(*parts, "blobs", tuple("abc"))
        monkeypatch.setattr(execution, "dataset", lambda name: found)
        return found

    return use


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
    assert (record["pairing"], record["pairwise"], record["stack"]) == (None, False, 1)


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


def test_ctrl_c_is_no_failure(toy, drcl, export, monkeypatch):
    def interrupted(*data):
        raise KeyboardInterrupt

    export("broken", _learn=interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_task(toy("broken"))
    monkeypatch.setattr("drcl_mini.consistency.augment", interrupted)  # which fit_many makes a warning of
    with pytest.raises(KeyboardInterrupt):
        run_task(drcl())


def test_runs_that_diverge_are_failures_and_the_others_are_not(drcl, monkeypatch):
    fit_many = execution.fit_many

    def one_diverges(models, *data, **options):
        fit_many(models, *data, **options)
        models[1].partial_ = ["top"]
        raise TrainingDiverged("2 of 3 models; the others are fitted. model 1 (seed 1): no | model 2 (seed 2): none")

    monkeypatch.setattr(execution, "fit_many", one_diverges)
    errors = [record["error"] for record in run_task(drcl(seeds=range(3)))]
    assert errors == [None, "no", None]
    monkeypatch.setattr(execution, "fit_many", fit_many)
    for record in run_task(drcl(learning_rate=1e30)):
        assert "consistency of 'top'" in record["error"]
        assert "seed" not in record["error"]


def test_pairs_are_made_within_classes_where_there_are_none(data, toy, export):
    seen = []
    learn = export("pairs", needs_pairs=True)._learn
    export("pairs", needs_pairs=True, _learn=lambda self, *data: (seen.append(data[0]), learn(self, *data)))
    data({"image": (24, 7), "text": (20, 5)})
    (record,) = run_task(toy("pairs", seed=4))
    assert record["pairing"] == "class-wise"
    expected = class_pairs(execution.dataset("blobs").train, 4)
    assert all(np.array_equal(seen[0].features[name], x) for name, x in expected.features.items())


def test_pairs_are_kept_where_there_are_some(data, toy, export):
    seen = []
    export("pairs", needs_pairs=True, _learn=lambda self, train, held: seen.append(train))
    found = data({"image": (24, 7), "audio": (24, 7)})
    found.train.labels["audio"][:] = found.train.labels["image"]
    run_task(toy("pairs"))
    assert np.array_equal(seen[0].features["audio"], found.train.features["audio"])
    run_task(toy("pairs", label_noise=0.5))
    assert np.array_equal(seen[1].labels["image"], seen[1].labels["audio"])
    assert (seen[1].labels["image"] != found.train.labels["image"]).sum() == 12


def test_a_method_for_two_modalities_has_a_model_for_each_pair(data, toy, export):
    export("couple", two_only=True)
    data({"image": (24, 7), "text": (20, 5), "audio": (10, 4)})
    (record,) = run_task(toy("couple"))
    assert record["error"] is None
    assert record["pairwise"]
    tasks = {(score["query"], score["gallery"]) for score in record["scores"]}
    assert len(tasks) == 6 == len(record["scores"]) // 2


def test_wrong_labels_are_those_of_drcl(toy, export):
    seen = []
    export("watch", _learn=lambda self, train, held: seen.append(train))
    run_task(toy("watch", seed=3, label_noise=0.4))
    for name, y in load_dataset("digits-halves").train.labels.items():
        expected = with_label_noise(one_hot(y, 10), 0.4, generator(3, "noise", name)).argmax(dim=1).numpy()
        assert np.array_equal(seen[0].labels[name], expected)


def test_pairs_within_classes_do_not_know_the_right_labels(export):
    seen, noises = [], []

    def learn(self, train, held):
        seen.append(train)
        noises.append(self.label_noise)

    export("pairs", needs_pairs=True, _learn=learn, label_noise=0.0, __annotations__={"label_noise": float})
    task = Task("digits-halves", "pairs", "pairs", {"label_noise": 0.4}, (0,), 0.4)
    (record,) = run_task(task)
    assert np.array_equal(seen[0].labels["top"], seen[0].labels["bottom"])
    assert noises == [0.0]
    assert record["settings"] == {"label_noise": 0.4}
    train = load_dataset("digits-halves").train
    right = {tuple(x): y for x, y in zip(train.features["top"], train.labels["top"], strict=True)}
    wrong = [right[tuple(x)] != y for x, y in zip(seen[0].features["top"], seen[0].labels["top"], strict=True)]
    assert 0.3 < np.mean(wrong) < 0.5


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


def test_threads_are_those_of_the_task(toy, export):
    seen, before = [], torch.get_num_threads()
    export("watch", _learn=lambda *given: seen.append(torch.get_num_threads()))
    for threads in (2, 1):
        run_task(replace(toy("watch"), threads=threads))
    assert seen == [2, 1]
    assert torch.get_num_threads() == before


def test_warnings_are_recorded_not_shown(toy, export):
    def learn(self, train, held):
        warnings.warn("not so\ngood", UserWarning, stacklevel=1)
        raise ValueError("bad")

    export("warns", _learn=learn)
    with warnings.catch_warnings(action="error"):
        (record,) = run_task(toy("warns"))
    assert record["warnings"] == ["UserWarning: not so good"]


def test_peak_memory_is_that_of_the_task(toy, export):
    def learn(self, train, held):
        np.ones(40 * 2**20)  # 320 MB
        raise ValueError

    export("large", _learn=learn)
    export("small", _learn=lambda *given: 1 / 0)
    large, small = (run_task(toy(name))[0]["peak_memory_mb"] for name in ("large", "small"))
    if execution.peak_memory.__globals__["RESET"].exists():
        assert large - small > 250
