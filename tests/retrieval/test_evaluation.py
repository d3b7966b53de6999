import numpy as np
import pytest
import torch

from drcl_mini import Evaluation, evaluate, mean_average_precision

SIZES = {"image": (12, 7), "text": (9, 5), "audio": (10, 3)}


@pytest.fixture
def split(make_split):
    return make_split(SIZES)


@pytest.fixture
def embeddings():
    source = np.random.default_rng(0)
    return {name: source.normal(size=(n, 4)) for name, (n, _) in SIZES.items()}


@pytest.mark.parametrize("k", [(None, 50), [3], [None], 5, None])
def test_scores_every_ordered_pair(split, embeddings, k):
    scores = evaluate(embeddings, split, k).scores
    cuts = list(k) if isinstance(k, (tuple, list)) else [k]
    assert set(scores) == {(a, b) for a in SIZES for b in SIZES if a != b}
    for (a, b), task in scores.items():
        expected = mean_average_precision(embeddings[a], split.labels[a], embeddings[b], split.labels[b], cuts)
        assert task == dict(zip(cuts, expected, strict=True))


def test_a_model_and_its_embeddings_score_alike(fitted, validation):
    scores = evaluate(fitted, validation).scores
    assert scores == evaluate(fitted.transform(validation), validation).scores
    tensors = {name: torch.from_numpy(x) for name, x in fitted.transform(validation).items()}
    assert scores == evaluate(tensors, validation).scores
    assert all(0 < value <= 1 for task in scores.values() for value in task.values())


def test_mean_records_and_table():
    scores = Evaluation({("image", "text"): {None: 0.25, 50: 0.5}, ("text", "image"): {None: 0.75, 50: 0.625}})
    assert (scores.mean(), scores.mean(50)) == (0.5, 0.5625)
    assert scores.records()[1:3] == [
        {"query": "image", "gallery": "text", "k": 50, "map": 0.5},
        {"query": "text", "gallery": "image", "k": "all", "map": 0.75},
    ]
    assert [line.split() for line in str(scores).splitlines()] == [
        ["mAP@all", "mAP@50"],
        ["image", "→", "text", "0.2500", "0.5000"],
        ["text", "→", "image", "0.7500", "0.6250"],
        ["mean", "0.5000", "0.5625"],
    ]


def test_a_mean_at_a_cut_that_was_not_scored_names_those_that_were(complains):
    with complains("10", "50", error=(KeyError, ValueError)):
        Evaluation({("image", "text"): {50: 0.5}}).mean(10)


@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        (lambda e, split: (e, split.only("image")), ["two modalities", "image"]),
        (
            lambda e, split: ({name: e[name] for name in ("image", "text")}, split),
            ["no embeddings of modality 'audio'", "known: 'image', 'text'"],
        ),
        (lambda e, split: ({**e, "text": e["text"][1:]}, split), ["8 embeddings of 'text' for 9 labels"]),
        (lambda e, split: ({**e, "text": e["text"] * np.inf}, split), ["text", "infinite"]),
        (lambda e, split: ([1, 2], split), ["embeddings is list"]),
        (lambda e, split: (e, e), ["split is dict"]),
        (lambda e, split: (e, split, [0]), ["k is 0"]),
    ],
)
def test_what_does_not_fit_is_named(split, embeddings, change, fragments, complains):
    with complains(*fragments):
        evaluate(*change(embeddings, split))
