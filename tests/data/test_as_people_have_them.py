"""Inputs met in public bug reports of retrieval, metric learning and data tools, and what is right; its source by each.

Shorthand: y are classes of 60 samples, x their features, S a split of two modalities.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from drcl_mini import (
    DRCL,
    MultimodalDataset,
    Split,
    average_precision,
    evaluate,
    mean_average_precision,
    precision_at_k,
    precision_recall,
)

y = np.arange(60) % 3
x = np.random.default_rng(0).normal(size=(60, 8)) + 3 * np.eye(8)[y]
N = np.array(["cat", "dog", "ape"])
FRAME = pd.DataFrame(x, columns=list("abcdefgh"))
OTHER_ORDER = FRAME[list("bacdefgh")]


def S(X=x, Y=y, **named):
    return Split({"a": X, "b": X}, {"a": Y, "b": Y}, **named)


@pytest.fixture
def fit(tiny):
    return lambda *data, **settings: DRCL(**tiny | settings).fit(*data)


# Labels: pytorch-metric-learning #422


@pytest.mark.parametrize(
    "form", [np.asarray, list, pd.Series, pd.Categorical, lambda words: pd.Series(words, dtype="string")]
)
def test_words_are_encoded_and_their_names_kept(form, fit, tmp_path, state, same):
    model = fit(S(Y=form(N[y])), S(Y=form(N[y[::-1]])), epochs=30)
    assert model.classes_.tolist() == list(model.class_names_) == ["ape", "cat", "dog"]
    assert same(state(model), state(fit(S(Y=np.array([1, 2, 0])[y]), S(Y=np.array([1, 2, 0])[y[::-1]]), epochs=30)))
    back = DRCL.load(model.save(tmp_path / "model"), "cpu")
    for one in (model, back):
        found = one.predict(S().features)["a"]
        assert (found == N[y]).mean() > 0.9
        assert np.array_equal(found, one.predict(S().features, names=True)["a"])


def test_names_go_from_the_data_set_to_what_is_predicted(fit, tmp_path):
    parts = [({"a": x, "b": x}, {"a": N[y], "b": N[y]})] * 2
    made = MultimodalDataset.from_arrays(*parts, 0.2, name="mine")
    data = MultimodalDataset.from_npz(made.to_npz(tmp_path / "mine.npz"))
    assert data.classes == data.train.names == ("ape", "cat", "dog")
    model = fit(data.train, data.validation, epochs=30)
    assert (model.predict(data.test)["a"] == data.test.labels["a"]).mean() > 0.9
    assert (model.predict(data.test, names=True)["a"] == N[y]).mean() > 0.9


def test_one_mapping_spans_modalities_and_splits_and_later_test_sets(fit):
    train = Split({"a": x, "b": x[y > 0]}, {"a": N[y], "b": N[y[y > 0]]})
    later = Split({"b": x[y == 1]}, {"b": N[y[y == 1]]})
    model = fit(train, epochs=30)
    assert model.class_names_ == ("ape", "cat", "dog")
    assert (model.predict(later)["b"] == "dog").mean() > 0.9
    model.add_modality("c", x[y < 2], N[y[y < 2]])
    assert set(model.predict({"c": x[y < 2]})["c"]) <= {"cat", "dog"}


def test_names_that_differ_between_modalities_are_an_error_that_lists_them(fit, complains):
    odd = Split({"a": x, "b": x}, {"a": N[y], "b": np.array(["cat", "dog", "Ape"])[y]})
    with complains("only 'a' has ['ape']", "lacks ['Ape']"):
        fit(odd)
    with complains("only 'a' has ['ape']", "lacks ['Ape']"):
        MultimodalDataset.from_arrays((odd.features, odd.labels), (odd.features, odd.labels), name="odd")


# Labels: dlwpt-code #12; DSCMR's own train_img_lab.mat


@pytest.mark.parametrize(
    "form", [y * 1.0, pd.Series(y, dtype="Float64"), y[:, None], y[:, None] * 1.0, pd.Categorical(y)]
)
def test_whole_floats_and_columns_are_classes(form):
    assert S(Y=form).labels["a"].tolist() == y.tolist()


@pytest.mark.parametrize(
    "form", [np.eye(3)[y], torch.eye(3)[y], pd.DataFrame(np.eye(3)[y]), scipy.sparse.csr_matrix(np.eye(3)[y])]
)
def test_float_one_hot_rows_are_multi_hot(form):
    assert np.array_equal(S(Y=form).labels["a"], np.eye(3)[y])


def test_columns_of_multi_hot_frames_are_names(fit, complains):
    frame = pd.get_dummies(pd.Series(N[y]))
    assert S(Y=frame).names == fit(S(Y=frame)).class_names_ == ("ape", "cat", "dog")
    with complains("'b'", "column 0 is 'cat', not 'ape'"):
        Split({"a": x, "b": x}, {"a": frame, "b": frame[["cat", "ape", "dog"]]})
    turned = MultimodalDataset.from_arrays(({"a": x}, {"a": frame}), ({"a": x}, {"a": frame[["dog", "cat"]]}), name="z")
    assert np.array_equal(turned.test.labels["a"][:, 1:], frame[["cat", "dog"]])


@pytest.mark.parametrize("soft", [np.full((60, 3), 1 / 3), np.eye(3)[y] * 0.9 + 0.05])
def test_soft_labels_are_named_as_such(soft, complains):
    with complains("'a'", "soft labels", ".argmax(axis=1)"):
        S(Y=soft)


# Labels: single-positive-multi-label #7, HashNet #44

SOME = np.where(y[:, None] == 1, 0, np.eye(3, dtype=int)[y])  # a third has no class
SOME[:3] = np.eye(3, dtype=int)


def test_rows_without_any_class_are_left_out_of_a_fit_with_one_warning(fit, state, same):
    kept = SOME.any(axis=1)
    with pytest.warns(UserWarning, match="train: 19 of 60 rows of 'a', 19 of 60 rows of 'b' have no class") as told:
        model = fit(S(Y=SOME))
    assert len(told) == 1
    assert same(state(model), state(fit(S(x[kept], SOME[kept]))))
    with pytest.warns(UserWarning, match="validation: 19 of 60 rows"):
        fit(S(Y=np.eye(3, dtype=int)[y]), S(Y=SOME))


def test_rows_without_any_class_find_nothing(fit):
    gallery = np.eye(3)[y]
    with pytest.warns(UserWarning, match="19 of 60 queries have no relevant item"):
        zero = mean_average_precision(x, SOME, x + 1, gallery)
    kept = SOME.any(axis=1)
    skipped = mean_average_precision(x, SOME, x + 1, gallery, no_match="skip")
    assert skipped == pytest.approx(mean_average_precision(x[kept], SOME[kept], x + 1, gallery))
    assert zero == pytest.approx(skipped * 41 / 60)
    with pytest.warns(UserWarning, match="19 of 60 queries") as told:
        evaluate({"a": x, "b": x + 1}, S(Y=SOME))
    assert len({str(warning.message) for warning in told}) == 1


# Labels: pytorch-metric-learning #351


def test_ids_are_the_classes_that_are_there(fit, state, same, tmp_path):
    ids = 11318 + 1000 * y
    model = fit(S(Y=ids), S(Y=ids))
    assert (model.n_classes_, model.classes_.tolist()) == (3, [11318, 12318, 13318])
    assert same(state(model), state(fit(S(), S())))
    back = DRCL.load(model.save(tmp_path / "model"), "cpu").predict(S().features)["a"]
    assert set(back.tolist()) <= {11318, 12318, 13318}
    data = MultimodalDataset.from_arrays(*[({"a": x}, {"a": ids})] * 2, name="ids")
    assert data.classes == ("11318", "12318", "13318")
    assert data.train.labels["a"].tolist() == y.tolist()
    assert mean_average_precision(x, ids, x + 1, ids) == mean_average_precision(x, y, x + 1, y)


# Labels: cosine_metric_learning #37


@pytest.mark.parametrize(
    "other", [y + 3, y + 1, np.array(["emu", "fox", "gnu"])[y]], ids=["new", "partly new", "words"]
)
def test_validation_may_have_other_classes(other, fit):
    train = S(Y=N[y]) if other.dtype.kind == "U" else S()
    model = fit(train, S(x[::-1], other))
    assert model.n_classes_ == 3
    records = [record for record in model.history_ if record["stage"] == "consistency"]
    assert all("validation_map" in record and "validation_loss" not in record for record in records)


# Labels: HCL #4; GraphLearning #12, dtreeviz PR#53


@pytest.mark.parametrize("unlabelled", [-1, -1.0])
def test_unlabelled_samples_are_to_be_left_out(unlabelled, complains):
    with complains("'a'", "20 negative values", "leave rows without a class out, as in x[y >= 0], y[y >= 0]"):
        S(Y=np.where(y == 1, unlabelled, y))
    with complains("20 missing values", "drop or fill"):
        S(Y=np.where(y == 1, np.nan, y))


def test_labels_that_begin_at_1(complains):
    for make in (
        lambda: S(Y=y + 1, classes=N),
        lambda: MultimodalDataset(S(Y=y + 1), None, S(Y=y + 1), "z", N),
        lambda: MultimodalDataset.from_arrays(*[({"a": x}, {"a": y + 1})] * 2, name="z", classes=N),
    ):
        with complains("4 classes, but 3 are named", "begin at 0, these seem to begin at 1; subtract 1"):
            make()


# Silent wrong answers: scikit-learn #7242, xgboost #8357


def test_columns_in_another_order_are_an_error_that_names_them(fit, complains, tmp_path):
    model = fit(S(FRAME))
    back = DRCL.load(model.save(tmp_path / "model"), "cpu")
    told = ["another order than in training", "column 0 is 'b', not 'a'"]
    for one in (model, back):
        expected = one.transform({"a": x})["a"]
        for use in (
            lambda one=one: one.transform({"a": OTHER_ORDER}),
            lambda one=one: one.transform(S(OTHER_ORDER)),
            lambda one=one: one.predict({"a": OTHER_ORDER}),
            lambda one=one: one.search(OTHER_ORDER[:3], "a", FRAME, "b"),
            lambda one=one: one.search(OTHER_ORDER.iloc[0], "a", FRAME, "b"),
            lambda one=one: one.search(FRAME[:3], "a", OTHER_ORDER, "b"),
            lambda one=one: evaluate(one, S(OTHER_ORDER)),
            lambda one=one: one.score(S(OTHER_ORDER)),
        ):
            with complains(*told):
                use()
        with complains("other columns than in training: 'a', 'z'"):
            one.transform({"a": FRAME.rename(columns={"a": "z"})})
        assert np.array_equal(one.transform({"a": FRAME})["a"], expected)
        assert (
            one.search(FRAME.iloc[0], "a", FRAME, "b", 1).indices.tolist()
            == one.search(x[0], "a", x, "b", 1).indices.tolist()
        )


def test_columns_are_those_of_all_splits_and_of_a_new_modality(fit, complains, tmp_path):
    told = ["another order than in training", "column 0 is 'b', not 'a'"]
    with complains("'a'", *told):
        fit(S(FRAME), S(OTHER_ORDER))
    with complains("'a'", *told):
        MultimodalDataset(S(FRAME), None, S(OTHER_ORDER), "z", tuple("abc"))
    with complains("'c'", *told):
        fit(S()).add_modality("c", FRAME, y, (OTHER_ORDER, y))
    with complains("'c'", *told):
        fit(S()).add_modality("c", FRAME, y).transform({"c": OTHER_ORDER})
    data = MultimodalDataset(S(FRAME), None, S(FRAME), "mine", tuple("abc"))
    back = MultimodalDataset.from_npz(data.to_npz(tmp_path / "mine.npz"))
    assert back.train.columns == data.train.columns == {"a": tuple("abcdefgh"), "b": tuple("abcdefgh")}
    with complains("'a'", *told):
        fit(back.train).transform({"a": OTHER_ORDER})


def test_columns_without_names_have_an_order_too(fit, complains):
    model = fit(S(pd.DataFrame(x)))
    with complains("column 0 is '1', not '0'"):
        model.transform({"a": pd.DataFrame(x)[[1, 0, 2, 3, 4, 5, 6, 7]]})
    assert np.array_equal(model.transform({"a": FRAME})["a"], model.transform({"a": x})["a"])


# Silent wrong answers: opensoundscape PR#247


def test_names_of_classes_are_the_values_of_a_mapping_and_never_a_set(complains):
    named = {0: "cat", 1: "dog", 2: "ape"}
    assert S(classes=named).names == S(classes=dict(reversed(named.items()))).names == tuple(N)
    assert MultimodalDataset(S(), None, S(), "z", named).classes == tuple(N)
    assert S(Y=N[y], classes=named).labels["a"].tolist() == y.tolist()
    for make in (lambda: S(classes=set(N)), lambda: MultimodalDataset(S(), None, S(), "z", set(N))):
        with complains("classes is a set, which has no order"):
            make()
    with complains("keys ['ape', 'cat', 'dog']", "expected 0 to 2"):
        S(classes={"cat": 0, "dog": 1, "ape": 5})


# Silent wrong answers: opensoundscape PR#540


@pytest.mark.parametrize("scores", [[0.9, 0.1, 0.8], [2, 0, 1], [1.0, float("nan"), 0.0], [-1, 1, 1]])
def test_relevance_is_0_or_1(scores, complains):
    for given in (scores, torch.tensor(scores)):
        with complains("relevance", "0 and 1"):
            average_precision(given)
    assert average_precision([1.0, 0.0, 1.0]) == average_precision([True, False, True])


# Silent wrong answers: Cross-Modal-Center-Loss #11


@pytest.mark.parametrize(
    "same", [lambda e: e, np.copy, lambda e: e[:], torch.from_numpy], ids=["it", "copy", "view", "tensor"]
)
def test_a_query_that_finds_itself_is_told_and_can_be_left_out(same):
    noise = np.random.default_rng(1).normal(size=(300, 8))
    classes = np.arange(300) // 2  # one other item of each class
    task = noise, classes, same(noise), classes
    for score in (mean_average_precision, lambda *task, **k: precision_at_k(*task, 1, **k), precision_recall):
        with pytest.warns(UserWarning, match="each query finds itself first; leave_self_out=True"):
            score(*task)
    with pytest.warns(UserWarning, match="finds itself"):
        assert mean_average_precision(*task) > 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mean_average_precision(*task, leave_self_out=True) < 0.1
        mean_average_precision(noise, classes, noise + 1, classes)


def test_a_query_that_is_left_out_is_not_in_its_gallery():
    task = x, y, x, y
    others = [(x[[i]], y[[i]], np.delete(x, i, 0), np.delete(y, i)) for i in range(60)]
    scores = (
        mean_average_precision,
        lambda *t, **k: precision_at_k(*t, 5, **k),
        lambda *t, **k: precision_recall(*t, **k)[1],
    )
    for score in scores:
        expected = np.mean([score(*one) for one in others], axis=0)
        for memory in (10_000, 2**27):  # some queries at a time, and all of them
            assert score(*task, leave_self_out=True, memory=memory) == pytest.approx(expected)


def test_leaving_the_query_out_takes_query_i_for_item_i(complains):
    with complains("leave_self_out", "60 queries and 40 items"):
        mean_average_precision(x, y, x[:40], y[:40], leave_self_out=True)


@pytest.mark.parametrize("task", [(x, y, x, 2 - y), (np.ones((60, 2)), y, np.ones((60, 2)), y)])
def test_equal_arrays_in_which_no_query_finds_itself_first_are_no_news(task):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mean_average_precision(*task)


# Silent wrong answers: pytorch-metric-learning #398, DeepHash #30


def test_queries_with_nothing_to_find_are_told_and_counted_or_left_out(complains):
    task = x, y, x[y > 0], y[y > 0]
    with pytest.warns(UserWarning, match=r"20 of 60 queries have no relevant item in the gallery: .*no_match='skip'"):
        told = mean_average_precision(*task)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zero, skip = (mean_average_precision(*task, no_match=choice) for choice in ("zero", "skip"))
        assert skip == mean_average_precision(x[y > 0], y[y > 0], x[y > 0] * 1.5, y[y > 0])
        parts = [precision_at_k(*task, 5, no_match=choice) for choice in ("zero", "skip")]
        assert parts[0] == pytest.approx(parts[1] * 40 / 60)
    assert told == zero == pytest.approx(skip * 40 / 60)
    with complains("no query has a relevant item"):
        mean_average_precision(*task[:2], x[:1], [7], no_match="skip")
    with complains("no_match is 'drop'", "'zero' or 'skip'"):
        mean_average_precision(*task, no_match="drop")
    split = Split({"a": x, "b": x[y > 0]}, {"a": y, "b": y[y > 0]})
    embeddings = {"a": x, "b": x[y > 0]}
    with pytest.warns(UserWarning, match="20 of 60 queries"):
        told = evaluate(embeddings, split)
    zero, skip = (evaluate(embeddings, split, no_match=choice) for choice in ("zero", "skip"))
    assert told.scores == zero.scores
    assert zero.scores["a", "b"][None] == pytest.approx(skip.scores["a", "b"][None] * 40 / 60)
    assert zero.scores["b", "a"] == skip.scores["b", "a"]


# Silent wrong answers: pytorch-metric-learning #238


def separable(rare, seed):
    source, labels = np.random.default_rng(seed), np.repeat([0, 1], [300, rare])
    return source.normal(size=(300 + rare, 8)) + 3 * labels[:, None], labels


def test_a_rare_class_is_predicted_with_class_weights_and_told_without():
    data, (test, truth) = separable(3, 0), separable(300, 1)
    settings = {"prior_epochs": 10, "epochs": 20, "device": "cpu", "progress": False}
    settings |= {"learning_rate": 1e-3, "prior_learning_rate": 2e-3}  # slow enough to neglect three samples
    with pytest.warns(UserWarning, match=r"class '1' has 3 samples of 'a', another one 300: .*class_weight='balanced'"):
        plain = DRCL(**settings).fit(S(*data))
    assert (plain.predict({"a": test})["a"][truth == 1] == 1).mean() < 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        balanced = DRCL(class_weight="balanced", **settings).fit(S(*data))
    for name, found in balanced.predict({"a": test, "b": test}).items():
        assert (found[truth == 1] == 1).mean() > 0.9, name
        assert (found[truth == 0] == 0).mean() > 0.9, name


# Shapes of tables: clip-retrieval #128, open_clip PR#134


@pytest.mark.parametrize(
    "form",
    [
        *(lambda: pd.Series(list(x)), lambda: pd.Series(x.tolist()), lambda: pd.DataFrame({"embedding": list(x)})),
        *(lambda: pd.DataFrame({"embedding": x.tolist(), "label": N[y]})[["embedding"]], lambda: list(torch.tensor(x))),
        lambda: pd.Series(list(x)).to_numpy(),
    ],
)
def test_a_column_of_embeddings_is_stacked(form, fit):
    assert np.array_equal(S(form()).features["a"], x.astype(np.float32))
    model = fit(S(form()))
    assert model.columns_ == {}
    assert np.array_equal(model.transform({"a": form()})["a"], model.transform({"a": FRAME})["a"])
    assert mean_average_precision(form(), y, x + 1, y) == mean_average_precision(x, y, x + 1, y)


def test_embeddings_of_different_lengths_are_one_clear_line(complains):
    for ragged in ([*x[:59].tolist(), [1.0]], pd.Series([*x[:59], x[59, :2]])):
        with complains("'a'", "1 rows of another length than 8", "the first in row 59"):
            S(ragged)
    with complains("'a'", "1 missing values", "row 59"):
        S(pd.Series([*x[:59], None]))


def test_embeddings_in_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"embedding": list(x), "label": N[y]}).to_parquet(tmp_path / "x.parquet")
    frame = pd.read_parquet(tmp_path / "x.parquet")
    split = S(frame["embedding"], frame["label"])
    assert np.array_equal(split.features["a"], x.astype(np.float32))
    assert split.names == ("ape", "cat", "dog")


# Shapes of tables: scikit-learn #25634

MIXED = pd.DataFrame({"a": x[:, 0], "b": x[:, 1] > 0, "c": y})


@pytest.mark.parametrize(
    "form", [MIXED, MIXED.convert_dtypes(), MIXED.astype(object), MIXED.assign(c=pd.Categorical(y))]
)
def test_frames_of_mixed_columns_are_taken(form):
    assert np.array_equal(S(form).features["a"], MIXED.to_numpy(np.float32))


@pytest.mark.parametrize("backend", ["pyarrow", "polars"])
def test_frames_of_other_makers_are_taken(backend):
    maker = pytest.importorskip(backend)
    form = MIXED.convert_dtypes(dtype_backend="pyarrow") if backend == "pyarrow" else maker.from_dict(dict(MIXED))
    split = S(form)
    assert np.array_equal(split.features["a"], MIXED.to_numpy(np.float32))
    assert split.columns["a"] == ("a", "b", "c")


def test_frames_with_holes_or_words_are_named(complains):
    with complains("'a'", "missing values", "row"):
        S(MIXED.convert_dtypes().mask(MIXED.a > 3))
    with complains("'a'", "DataFrame", "no numbers are in the columns 'word'"):
        S(MIXED.assign(word=N[y]))


# Shapes of tables: mljar-supervised #309, scikit-learn #7275


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_sparse_tables_are_taken(form, fit):
    sparse = scipy.sparse.csr_matrix(np.where(x > 0, x, 0)).asformat(form)
    model = fit(S(sparse), S(sparse))
    assert "sparse" in repr(S(sparse).features["a"])
    dense = model.transform({"a": sparse.toarray()})["a"]
    assert np.allclose(model.transform({"a": sparse})["a"], dense, atol=1e-6)
    assert model.search(sparse.tocsr()[:3], "a", sparse, "b", 1).indices.shape == (3, 1)


@pytest.mark.parametrize(("value", "told"), [(np.nan, "NaN"), (1e30, "beyond 1e+18"), (1j, "complex128")])
def test_sparse_tables_are_checked(value, told, complains):
    with complains("'a'", told):
        S(scipy.sparse.csr_matrix(x.astype(type(value)) * value))


# Shapes of tables: pytorch-metric-learning #566


def test_a_loader_is_told_what_to_do(fit, complains):
    data = torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y))
    loader, model = torch.utils.data.DataLoader(data, 8), fit(S())
    for use in (
        lambda: S(loader),
        lambda: S(Y=loader),
        lambda: model.transform({"a": loader}),
        lambda: mean_average_precision(loader, y, x, y),
    ):
        with complains("got DataLoader, expected a whole table: collect its batches first, as in np.concatenate("):
            use()
    with complains("got TensorDataset", "collect its batches first"):
        S(data)


# MRL #8: tests/data_scripts/test_handed_out.py
