import numpy as np
import pytest
import torch

from drcl_mini.retrieval.ranking import in_blocks, key_payload, key_scores, ranking_keys, row_sorter

EXTREMES = [0.0, 1e-45, -1e-45, 1e-38, -1e-38, 1.0, -1.0, 1 + 2**-23, -1 - 2**-23, 3.4e38, -3.4e38]


def scores(rows=7, columns=200):
    """Random floats of all magnitudes with many ties, the extreme ones among them."""
    source = np.random.default_rng(0)
    drawn = source.normal(size=(rows, columns)) * 10.0 ** source.integers(-6, 6, (rows, columns))
    drawn[:, ::3] = drawn.round(1)[:, ::3]
    drawn[:, : 2 * len(EXTREMES)] = source.permutation(2 * EXTREMES)
    return drawn.astype(np.float32) + 0.0  # a key doesn't hold the sign of zero


def test_keys_sort_as_a_stable_descending_argsort():
    drawn = scores()
    keys = ranking_keys(torch.from_numpy(drawn), torch.arange(drawn.shape[1]))
    assert np.array_equal(key_payload(keys.sort(dim=1).values), np.argsort(-drawn, axis=1, kind="stable"))


def test_scores_come_back_bit_for_bit():
    drawn = scores()
    keys = ranking_keys(torch.from_numpy(drawn), torch.arange(drawn.shape[1]))
    assert np.array_equal(key_scores(keys).numpy().view(np.int32), drawn.view(np.int32))


def test_payloads_come_back_up_to_32_bits():
    payload = torch.tensor([0, 1, 2**31, 2**32 - 1])
    assert torch.equal(key_payload(ranking_keys(torch.tensor([-1.0, 0.0, 2.0, -3.0]), payload)), payload)


def test_minus_zero_ties_with_zero():
    keys = ranking_keys(torch.tensor([-0.0, 0.0, -0.0]), torch.arange(3))
    assert key_payload(keys.sort().values).tolist() == [0, 1, 2]


def test_the_given_scores_stay_as_they_are():
    given = torch.tensor([-1.0, -0.0, 2.0])
    ranking_keys(given, torch.arange(3))
    assert torch.equal(given, torch.tensor([-1.0, -0.0, 2.0]))


@pytest.mark.parametrize("rows", [1, 2, 7])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_row_sorter_sorts_each_row(device, rows, threads, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    keys = torch.randint(-(2**62), 2**62, (rows, 50), generator=torch.Generator().manual_seed(0))
    expected = torch.tensor([sorted(row) for row in keys.tolist()])
    assert torch.equal(row_sorter(torch.device(device))(keys.to(device)).cpu(), expected)


def test_blocks_are_halved_until_they_fit_and_no_further():
    seen = []

    def compute(part):
        seen.append((part.start, part.stop))
        if part.stop - part.start > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.arange(part.start, part.stop)[:, None]

    assert in_blocks(compute, 7, 5).tolist() == [[0], [1], [2], [3], [4], [5], [6]]
    assert seen == [(0, 5), (0, 2), (2, 4), (4, 6), (6, 7)]


def test_a_single_row_that_does_not_fit_is_the_error_it_was():
    def compute(part):
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(torch.OutOfMemoryError, match="CUDA"):
        in_blocks(compute, 7, 5)
