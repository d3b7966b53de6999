import numpy as np
import pytest
import torch

import drcl_mini.retrieval.metrics
from drcl_mini import average_precision, mean_average_precision, precision_at_k, precision_recall
from drcl_mini.data.load import load_released_outputs

SOURCE = np.random.default_rng(0)
QUERIES, ONCE = SOURCE.normal(size=(7, 33)), SOURCE.normal(size=(12, 33))
TIED = np.concatenate([ONCE, ONCE[::2], ONCE[:7]])  # each item up to three times
MULTI_HOT = (SOURCE.random((32, 4)) < 0.3).astype(int)
MULTI_HOT[MULTI_HOT.sum(axis=1) == 0, 3] = 1
CASES = {
    "plain": (QUERIES, SOURCE.integers(0, 3, 7), ONCE, SOURCE.integers(0, 3, 12)),
    "ties": (QUERIES, SOURCE.integers(0, 3, 7), TIED, SOURCE.integers(0, 3, 25)),
    "multi-hot": (QUERIES, MULTI_HOT[:7], TIED, MULTI_HOT[7:]),
    "some without a relevant item": (QUERIES, np.arange(7), ONCE, np.arange(12) % 4),
    "nothing relevant": (QUERIES, np.zeros(7, int), ONCE, np.ones(12, int)),
    "one class": (QUERIES, np.zeros(7, int), ONCE, np.zeros(12, int)),
}
CUTS = [None, 1, 3, 12, 1000]


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


@pytest.fixture(
    params=[1, 3 * drcl_mini.retrieval.metrics.PAIR * 58, 2**27], ids=["row by row", "some rows", "one block"]
)
def memory(request):
    return request.param


@pytest.fixture
def ranked(case, rank_order):
    """Relevance in ranked order, a list of 0 and 1 for each query."""
    query, query_labels, gallery, gallery_labels = case
    shared = query_labels @ gallery_labels.T > 0 if query_labels.ndim == 2 else query_labels[:, None] == gallery_labels
    return [[int(shared[i, j]) for j in row] for i, row in enumerate(rank_order(query, gallery)[0])]


def ap_loops(relevance, k):
    hits, total = 0, 0.0
    for rank, relevant in enumerate(relevance[:k], start=1):
        if relevant:
            hits += 1
            total += hits / rank
    return total / hits if hits else 0.0


def interpolated_loops(relevance, recall):
    points = [(sum(relevance[:j]) / sum(relevance), sum(relevance[:j]) / j) for j in range(1, len(relevance) + 1)]
    return max(precision for reached, precision in points if reached >= recall - 1e-9)


@pytest.mark.parametrize("k", CUTS)
def test_map_and_precision_at_k_equal_brute_force(case, ranked, k, memory):
    expected = np.mean([ap_loops(row, k) for row in ranked])
    assert mean_average_precision(*case, k, memory=memory) == pytest.approx(expected, abs=1e-12)
    if k is not None:
        expected = np.mean([sum(row[:k]) / k for row in ranked])
        assert precision_at_k(*case, k, memory=memory) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("points", [2, 5, 11])
def test_precision_recall_equals_brute_force(case, ranked, points, memory):
    recall, precision = precision_recall(*case, points, memory=memory)
    rows = [row for row in ranked if any(row)]
    expected = [np.mean([interpolated_loops(row, r) for row in rows]) if rows else 0 for r in recall]
    assert recall == pytest.approx(np.linspace(0, 1, points))
    assert precision == pytest.approx(np.array(expected), abs=1e-6)


def test_results_do_not_depend_on_the_memory(case):
    for score in (mean_average_precision, precision_recall, lambda *x, **m: precision_at_k(*x, 3, **m)):
        results = [score(*case, memory=memory) for memory in (1, 20_000, 2**27)]
        assert np.array_equal(results[0], results[1])
        assert np.array_equal(results[1], results[2])


def test_a_device_out_of_memory_gets_smaller_blocks(monkeypatch):
    expected, keys, seen = mean_average_precision(*CASES["ties"]), drcl_mini.retrieval.metrics.ranking_keys, []

    def short_of_memory(cosines, payload):
        seen.append(len(cosines))
        if len(seen) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return keys(cosines, payload)

    monkeypatch.setattr(drcl_mini.retrieval.metrics, "ranking_keys", short_of_memory)
    assert mean_average_precision(*CASES["ties"]) == expected
    assert seen == [7, 3, 3, 1]


@pytest.mark.parametrize("k", CUTS)
def test_average_precision_equals_loops(k):
    relevance = SOURCE.random((2, 5, 30)) < SOURCE.random((2, 5, 1)) - 0.2
    expected = [[ap_loops(row, k) for row in rows] for rows in relevance.tolist()]
    got = average_precision(relevance, k)
    assert (got.shape, got.dtype) == ((2, 5), torch.float64)
    assert got.numpy() == pytest.approx(np.array(expected), abs=1e-12)
    assert average_precision(relevance[0, 0].tolist(), k).item() == pytest.approx(expected[0][0], abs=1e-12)


@pytest.mark.parametrize("relevance", [[], np.zeros((3, 0)), 1])
def test_average_precision_needs_a_list(relevance, complains):
    with complains(str(np.shape(relevance))):
        average_precision(relevance)


def test_several_cuts_equal_single_ones(case):
    expected = [mean_average_precision(*case, k) for k in CUTS]
    assert mean_average_precision(*case, CUTS) == mean_average_precision(*case, np.array(CUTS)) == expected


def test_zero_of_either_sign_ties():
    gallery = [[0.0, -1.0], [-0.0, 1.0], [0.0, 1.0], [-0.0, -1.0]]
    for labels in ([0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 0]):
        expected = 1 / (1 + labels.index(0))
        assert mean_average_precision([[1.0, 0.0]], [0], gallery, labels) == pytest.approx(expected)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def half_the_columns(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("warn_always")
@pytest.mark.parametrize(
    "convert", [np.ndarray.tolist, torch.from_numpy, np.asfortranarray, half_the_columns, read_only]
)
def test_any_kind_of_array(convert):
    expected = mean_average_precision(*CASES["multi-hot"])
    assert mean_average_precision(*map(convert, CASES["multi-hot"])) == expected
    average_precision(convert(MULTI_HOT))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
def test_any_kind_of_number(dtype):
    rounded = [np.sign(x).clip(0).astype(dtype) if i % 2 == 0 else x for i, x in enumerate(CASES["plain"])]
    assert mean_average_precision(*rounded) == mean_average_precision(*[x.astype("int64") for x in rounded])


def test_lengths_of_rows_do_not_matter(case):
    query, query_labels, gallery, gallery_labels = case
    longer = query * 1024, query_labels, gallery / 1024, gallery_labels
    assert mean_average_precision(*longer) == mean_average_precision(*case)


METRICS = {
    "map": mean_average_precision,
    "precision_at_k": lambda *task, k=3, **more: precision_at_k(*task, k, **more),
    "precision_recall": precision_recall,
}
QUERY, QUERY_LABELS, ITEMS, ITEM_LABELS = CASES["plain"]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("task", "arguments", "fragments"),
    [
        *(
            (CASES["plain"], {"memory": memory}, [f"memory (bytes) is {memory!r}", "at least 1"])
            for memory in (0, -1, 1.5, True, None, "1 GB")
        ),
        ((QUERY, QUERY_LABELS, ITEMS[:, :3], ITEM_LABELS), {}, ["33 dimensions", "gallery has 3"]),
        ((QUERY, QUERY_LABELS, ITEMS, np.eye(3, dtype=int)[ITEM_LABELS]), {}, ["labels", "(7,)", "(12, 3)"]),
        ((QUERY, QUERY_LABELS, ITEMS, ITEM_LABELS[1:]), {}, ["gallery", "12 samples", "11 labels"]),
    ],
)
def test_what_does_not_fit_is_named(metric, task, arguments, fragments, complains):
    with complains(*fragments):
        METRICS[metric](*task, **arguments)


@pytest.mark.parametrize(
    ("metric", "arguments", "fragments"),
    [
        *(("map", {"k": k}, [f"k is {k!r}", "at least 1"]) for k in (0, -1, 1.5, True, "all")),
        *(("map", {"k": k}, [f"k is {k!r}", "at least one cut-off"]) for k in ([], ())),
        *(("precision_at_k", {"k": k}, [f"k is {k!r}", "at least 1"]) for k in (0, -1, 1.5, True, "all", None)),
        *(("precision_recall", {"points": n}, [f"points is {n!r}", "at least 2"]) for n in (0, 1, 2.0, True)),
    ],
)
def test_bad_cut_offs_and_points_are_named(metric, arguments, fragments, complains):
    with complains(*fragments):
        METRICS[metric](*CASES["plain"], **arguments)


@pytest.mark.mirror
def test_the_released_wikipedia_features_score_as_the_released_log_says(built, monkeypatch):
    built("released-outputs", monkeypatch)
    test = load_released_outputs().test
    scores = [
        mean_average_precision(test.features[a], test.labels[a], test.features[b], test.labels[b], [None, 50])
        for a, b in (("image", "text"), ("text", "image"))
    ]
    assert np.round(scores, 4).tolist() == [[0.5619, 0.5599], [0.5376, 0.6848]]
