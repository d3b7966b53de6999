"""Pairs and wrong labels: what compared methods are trained on."""

import numpy as np

import drcl_mini.experiments.run.execution as execution
from drcl_mini import load_dataset
from drcl_mini.baselines import class_pairs
from drcl_mini.data.labels import one_hot
from drcl_mini.data.noise import with_label_noise
from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.run.execution import run_task
from drcl_mini.training.batches import generator


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


def test_a_class_that_can_not_be_paired_still_counts(toy, export, data):
    seen = []
    learn = export("pairs", needs_pairs=True)._learn
    export("pairs", needs_pairs=True, _learn=lambda self, *data: (seen.append(data[0]), learn(self, *data)))
    found = data({"image": (24, 7), "text": (20, 5)})
    y = found.train.labels["text"]
    y[y == 2] = 0
    for task in (toy("pairs"), toy("pairs", label_noise=0.5)):
        (record,) = run_task(task)
        assert record["error"] is None  # validation has items of class 2
    assert set(seen[0].labels["image"]) == {0, 1}
    assert [split.n_classes for split in seen] == [3, 3]


def test_wrong_labels_of_multi_hot_data_are_refused(toy, export, data):
    export()
    data({"image": (24, 7), "text": (20, 5)}, multi_hot=True)
    (record,) = run_task(toy(label_noise=0.5))
    assert all(part in record["error"] for part in ("'label_noise' is 0.5", "multi-hot"))
