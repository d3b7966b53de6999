import random
from itertools import combinations

import numpy as np
import pytest
import torch

from drcl_mini import DRCL, Split


def test_one_seed_gives_one_result_and_another_seed_another(tiny, train, validation, state, same):
    first, again, other = (DRCL(**tiny, seed=seed).fit(train, validation) for seed in (3, 3, 4))
    assert same(state(first), state(again))
    assert first.history_ == again.history_
    drawn = [name for name in state(first) if "prior" in name or "layers" in name]
    assert not [name for name in drawn if np.allclose(state(first)[name], state(other)[name])]


def test_every_encoder_has_a_start_of_its_own(tiny, make_split):
    still, twins = tiny | {"prior": "orthogonal", "epochs": 0}, make_split({"a": (9, 4), "b": (9, 4)})
    models = [DRCL(**still, seed=seed).fit(twins) for seed in (0, 1)]
    starts = [encoder.layers[0].weight for model in models for encoder in model.encoders_.values()]
    assert not any(torch.allclose(a, b) for a, b in combinations(starts, 2))


def test_the_order_of_modalities_does_not_matter(tiny, train, validation, state, same):
    def turned(split):
        return split.only(*reversed(split.modalities))

    for prior in ("orthogonal", "selected"):
        there, back = (
            DRCL(**tiny, prior=prior).fit(order(train), order(validation)) for order in (lambda split: split, turned)
        )
        assert list(there.encoders_) == list(back.encoders_)[::-1]
        assert same(state(there), state(back))


def test_fit_leaves_every_global_random_state_alone(tiny, train, validation):
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    DRCL(**tiny).fit(train, validation).transform(train)
    assert torch.equal(before[0], torch.get_rng_state())
    assert all(np.array_equal(a, b) for a, b in zip(before[1], np.random.get_state(), strict=True))  # noqa: NPY002
    assert before[2] == random.getstate()


def test_the_default_type_of_torch_does_not_matter(tiny, train, validation, state, same):
    plain = DRCL(**tiny).fit(train, validation)
    torch.set_default_dtype(torch.float64)
    try:
        other = DRCL(**tiny).fit(train, validation)
        assert other.search(train.features["image"], "image", train.features["text"], "text", 3).scores.shape[1] == 3
    finally:
        torch.set_default_dtype(torch.float32)
    assert same(state(other), state(plain))


@pytest.mark.parametrize("disturbance", [0, 1])
def test_global_random_states_do_not_matter(tiny, train, disturbance, state, same):
    torch.manual_seed(disturbance)
    np.random.seed(disturbance)  # noqa: NPY002
    model = DRCL(**tiny).fit(train)
    torch.manual_seed(17)
    assert same(state(model), state(DRCL(**tiny).fit(train)))


def test_fit_again_forgets_the_first_fit(tiny, train, validation, fitted, state, same):
    assert same(state(fitted), state(fitted.fit(train).fit(train, validation)))


@pytest.mark.parametrize("monitored", [True, False])
def test_adding_a_modality_moves_nothing_else_and_equals_training_together(
    tiny, train, validation, monitored, state, same
):
    settings = tiny | {"prior": "orthogonal"}
    together = DRCL(**settings).fit(train, validation if monitored else None)
    alone = DRCL(**settings).fit(train.only("image"), validation.only("image") if monitored else None)
    before = state(alone)
    held = (validation.features["text"], validation.labels["text"]) if monitored else None
    assert alone.add_modality("text", train.features["text"], train.labels["text"], held) is alone
    after = state(alone)
    assert same(before, {name: after[name] for name in before})
    assert same(after, state(together))
    assert alone.history_ == together.history_


def test_fitting_and_transforming_leave_the_data_alone(tiny, train, validation):
    before = [
        array.copy()
        for split in (train, validation)
        for part in (split.features, split.labels)
        for array in part.values()
    ]
    DRCL(**tiny).fit(train, validation).transform(validation)
    after = [
        array for split in (train, validation) for part in (split.features, split.labels) for array in part.values()
    ]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("warn_always")
def test_read_only_data_give_the_same(tiny, train, fitted, validation, state, same):
    for split in (train, validation):
        for array in (*split.features.values(), *split.labels.values()):
            array.flags.writeable = False
    read_only = DRCL(**tiny).fit(Split(train.features, train.labels), Split(validation.features, validation.labels))
    assert same(state(read_only), state(fitted))
