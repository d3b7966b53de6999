"""Threads don't disturb each other, and no call leaves a trace in the process's random or numeric state."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from drcl_mini import DRCL, MultimodalDataset, baselines, evaluate, fit_many, load_dataset, nearest_neighbours
from drcl_mini.app.probe import linear_probe
from drcl_mini.baselines import class_pairs
from drcl_mini.retrieval.index import FaissIndex


def at_once(*works):
    """Do all works in threads of their own that begin together."""
    together = threading.Barrier(len(works))

    def begin(work):
        together.wait(600)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def test_fits_in_threads_have_the_bits_of_fits_alone(tiny, train, validation, state, same):
    variants = [{"seed": 0}, {"seed": 1, "mixup": 0.3}, {"seed": 2, "prior": "orthogonal"}]

    def fit(changes):
        return DRCL(**tiny | changes).fit(train, validation)

    alone = [state(fit(changes)) for changes in variants]
    together = at_once(*(lambda changes=changes: state(fit(changes)) for changes in variants))
    assert all(map(same, alone, together))


def test_stacks_in_threads_have_the_bits_of_stacks_alone(tiny, train, state, same):
    def fit(first):
        models = [DRCL(**tiny, seed=first + i) for i in range(3)]
        fit_many(models, train)
        return [state(model) for model in models]

    alone, together = [fit(0), fit(5)], at_once(lambda: fit(0), lambda: fit(5))
    assert all(same(*pair) for a, b in zip(alone, together, strict=True) for pair in zip(a, b, strict=True))


def test_progress_of_fits_in_threads_stays_apart(tiny, train, state, same, tmp_path):
    def fit(seed, path):
        return state(DRCL(**tiny, seed=seed).fit(train, checkpoint=path, every=1))

    names = [(seed, tmp_path / f"{seed}.safetensors") for seed in range(3)]
    together = at_once(*(lambda pair=pair: fit(*pair) for pair in names))
    again = [fit(*pair) for pair in names]  # from the files
    assert all(map(same, together, again))
    assert len(list(tmp_path.iterdir())) == 3


def test_one_model_used_by_many_threads(fitted, train):
    x, y = train.features, fitted.transform(train)

    def use():
        found = fitted.search(x["image"], "image", x["text"], "text", k=3)
        return fitted.predict(train), found.indices, evaluate(y, train).scores

    expected = use()
    for predicted, indices, scores in at_once(*[use] * 4):
        assert all(np.array_equal(predicted[name], expected[0][name]) for name in x)
        assert np.array_equal(indices, expected[1])
        assert scores == expected[2]


def surroundings():
    """All of the process that a call might leave changed."""
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": [np.asarray(part).tolist() for part in np.random.get_state()],  # noqa: NPY002
        "random": random.getstate(),
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "type": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "numpy errors": np.geterr(),
    }


def pairs(split):
    return class_pairs(split.only("image", "text"))


SMALL = {"hidden": (8,), "dim": 6, "epochs": 2, "device": "cpu"}
CALLS = {
    "fit": lambda m, s: DRCL(**m.get_params()).fit(s, s),
    "add_modality": lambda m, s: m.add_modality("more", s.features["text"], s.labels["text"]),
    "fit_many": lambda m, s: fit_many([DRCL(**m.get_params() | {"seed": seed}) for seed in (1, 2)], s),
    "label noise": lambda m, s: DRCL(**m.get_params() | {"label_noise": 0.5}).fit(s),
    "transform": lambda m, s: m.transform(s),
    "predict": lambda m, s: m.predict(s),
    "search": lambda m, s: m.search(s.features["text"], "text", s.features["image"], "image"),
    "evaluate": lambda m, s: evaluate(m, s),
    "nearest_neighbours": lambda m, s: nearest_neighbours(s.features["text"], s.features["text"], 2),
    "index": lambda m, s: FaissIndex.build(s.features["text"]).search(s.features["text"], 2),
    "minimedia": lambda m, s: load_dataset("minimedia-small"),
    "digits": lambda m, s: load_dataset("digits-halves"),
    "from_arrays": lambda m, s: MultimodalDataset.from_arrays(
        (s.features, s.labels), (s.features, s.labels), 0.5, name="some"
    ),
    "probe": lambda m, s: linear_probe(MultimodalDataset(s, s, s, "some", ["a", "b", "c"])),
    "class_pairs": lambda m, s: class_pairs(s),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_call_leaves_the_process_as_it_was(name, fitted, train):
    torch.manual_seed(1)
    before = surroundings()
    CALLS[name](fitted, train)
    assert surroundings() == before


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", [name for name in baselines.__all__ if name[0].isupper() and name != "Baseline"])
def test_a_compared_method_leaves_the_process_as_it_was(name, train):
    method = getattr(baselines, name)
    known = {field: value for field, value in SMALL.items() if field in method.__dataclass_fields__}
    torch.manual_seed(1)
    before = surroundings()
    method(**known).fit(pairs(train) if method.needs_pairs else train).evaluate(train)
    assert surroundings() == before
