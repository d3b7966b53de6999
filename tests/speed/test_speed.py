"""``bench-speed`` at toy sizes: what it measures is right; how fast it is no test asserts."""

import json
from functools import cache
from itertools import pairwise
from statistics import median

import numpy as np
import pytest
import torch

import drcl_mini.speed.retrieval
from drcl_mini import DRCL, Settings, Split, evaluate, load_dataset
from drcl_mini.app.cli import main
from drcl_mini.method.prior import orthogonal_prior
from drcl_mini.speed import ROWS
from drcl_mini.speed.loop import plain_training
from drcl_mini.speed.measure import Plan, fit_alone, fresh_encoder, interleaved
from drcl_mini.speed.retrieval import measure_search
from drcl_mini.speed.rows import released_training
from drcl_mini.speed.time_to_map import trajectory
from drcl_mini.training.batches import generator

HERE = ["released-epoch", "ten-seeds", "precision", "compile", "time-to-map", "map", "search"]
GPU = ["ten-seeds-gpu", "ten-seeds-replayed", "released-training", "precision-gpu"]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A row's result at toy size, through the real entry point; measured once."""
    out = tmp_path_factory.mktemp("speed")

    @cache
    def row(name):
        assert main(["bench-speed", "--quick", "--repetitions", "2", "--out", str(out), "--rows", name]) == 0
        return json.loads((out / f"{name}.json").read_text(encoding="utf-8"))

    return row


def test_every_row_has_a_test():
    assert set(HERE + GPU) == set(ROWS)


@pytest.mark.parametrize("name", HERE)
def test_a_row_says_what_was_measured_where_and_how(quick, name):
    row = quick(name)
    assert row["command"] == f"python -m drcl_mini bench-speed --rows {name} --repetitions 2 --quick"
    assert row["environment"]["torch"] == torch.__version__
    assert (row["device"], row["measured"]) == ("cpu", True), row
    assert row["figures"]
    for figure, bounds in row["target"].items():
        assert (figure in row["figures"]) != (figure in row["not here"])
        assert (figure in row["figures"]) == (figure in row["reached"])
        if figure in row["figures"]:
            value, (bound,) = row["figures"][figure], bounds.values()
            fine = value is not None and (value >= bound if "at least" in bounds else value <= bound)
            assert row["reached"][figure] == fine


@pytest.mark.parametrize("name", GPU)
def test_a_row_for_a_gpu_says_so_where_there_is_none(quick, name):
    row = quick(name)
    assert row["device"] == "cuda"
    assert row["measured"] == torch.cuda.is_available()
    if not row["measured"]:
        assert row["why"] == "no CUDA device here"
        assert "figures" not in row


def test_a_row_without_its_data_sets_keeps_what_was_measured(tmp_path, capsys):
    command = ["bench-speed", "--rows", "precision", "--repetitions", "1", "--out", str(tmp_path)]
    (tmp_path / "precision.json").write_text('{"measured": true}')
    assert main([*command, "--datasets", "spoken-digits"]) == 0
    assert "--datasets names none of them; what was measured before is kept" in capsys.readouterr().out
    assert main([*command, "--datasets", "wikipedia-classic"]) == 0  # which isn't here
    assert "no data set 'wikipedia-classic' here" in capsys.readouterr().out
    assert (tmp_path / "precision.json").read_text() == '{"measured": true}'
    for foreign in ("[1]", "{}", "hello"):
        (tmp_path / "precision.json").write_text(foreign)
        assert main([*command, "--datasets", "spoken-digits"]) == 1
        assert "was not written by drcl_mini bench-speed" in capsys.readouterr().err
        assert (tmp_path / "precision.json").read_text() == foreign


def test_ratios_are_medians_over_the_turns(quick):
    row = quick("released-epoch")
    loop, fast = (
        [a + b for a, b in zip(row["seconds"][f"{side} image"], row["seconds"][f"{side} text"], strict=True)]
        for side in ("loop", "bfloat16")
    )
    assert row["figures"]["bfloat16 ratio"] == pytest.approx(median(a / b for a, b in zip(loop, fast, strict=True)))
    assert row["figures"]["validation loss apart"] < 1e-5
    turns = quick("ten-seeds")["seconds"]["digits-halves"]
    alone, batch = turns["one after another"], turns["one batch"]
    expected = median(a / b for a, b in zip(alone, batch, strict=True))
    assert quick("ten-seeds")["figures"]["digits-halves ratio"] == pytest.approx(expected)
    assert quick("ten-seeds")["figures"]["digits-halves mAP apart"] < 0.005


def test_precision_pairs_the_seeds(quick):
    figures, maps = quick("precision")["figures"], quick("precision")["mAP"]["digits-halves"]
    first, second = np.subtract(maps["bfloat16"], maps["float32"])
    assert figures["digits-halves bfloat16 mAP difference"] == pytest.approx((first + second) / 2)
    assert figures["digits-halves bfloat16 mAP difference ±"] == pytest.approx(12.7062 * abs(first - second) / 2, 1e-4)


def test_what_was_measured_is_kept_where_it_cannot_be_measured_again(tmp_path, capsys):
    (tmp_path / "released-training.json").write_text('{"measured": true}', encoding="utf-8")
    if torch.cuda.is_available():
        pytest.skip("here it can be measured")
    assert main(["bench-speed", "--quick", "--rows", "released-training", "--out", str(tmp_path)]) == 0
    assert "no CUDA device here; what was measured before is kept" in capsys.readouterr().out
    assert json.loads((tmp_path / "released-training.json").read_text(encoding="utf-8")) == {"measured": True}


def test_search_is_measured_without_faiss(monkeypatch):
    monkeypatch.setattr(drcl_mini.speed.retrieval, "find_spec", lambda name: None)
    assert set(measure_search(20, 500, 8, 5)) == {"exact_seconds", "exact_peak_gb"}


def test_sides_take_turns():
    turns = []
    seconds = interleaved({side: lambda side=side: turns.append(side) or len(turns) for side in "ab"}, 2)
    assert turns == ["a", "b", "a", "b"]
    assert seconds == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize("drop_last", [False, True])
def test_the_plain_loop_trains_as_the_package_does(tiny, train, validation, drop_last):
    settings = Settings(**tiny | {"q_rate": 0.4}, gamma=0.8, drop_last=drop_last, monitor="loss", standardise=False)
    prior = orthogonal_prior(6, 3, generator(0))
    for name in train.modalities:
        ours, plain = (fresh_encoder(train, settings, name) for _ in range(2))
        start = ours.layers[0].weight.clone()
        told, said = [], []
        fit_alone(ours, train, validation, prior, settings, name, told.append)
        plain_training(plain, train, validation, prior, settings, name, said.append)
        losses = [[record["validation_loss"] for record in records] for records in (told, said)]
        assert losses[0] == pytest.approx(losses[1], 1e-5)
        assert not torch.allclose(ours.layers[0].weight, start, atol=1e-3)
        for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-5)


def test_the_plain_loop_keeps_the_epoch_of_the_lowest_validation_loss(tiny, train):
    settings = Settings(**tiny, gamma=0.8, standardise=False)
    encoder, ends = fresh_encoder(train, settings, "image"), []
    wrong = Split({"image": train.features["image"]}, {"image": np.roll(train.labels["image"], 1)})
    losses = []

    def tell(record):
        losses.append(record["validation_loss"])
        ends.append([weight.detach().clone() for weight in encoder.parameters()])

    plain_training(encoder, train, wrong, orthogonal_prior(6, 3, generator(0)), settings, "image", tell)
    best = int(np.argmin(losses))
    assert best < len(losses) - 1
    assert all(torch.equal(a, b) for a, b in zip(encoder.parameters(), ends[best], strict=True))


def test_a_trajectory_is_that_of_the_model(tiny):
    data = load_dataset("digits-halves")
    settings = Settings(**tiny | {"dim": 12, "epochs": 5, "batch_size": 128}, monitor="map", patience=1)
    points = trajectory(data, settings)
    model = DRCL(**vars(settings)).fit(data.train, data.validation)
    learned = [record["modality"] for record in model.history_ if record["stage"] == "consistency"]
    assert [point["epoch"] for point in points] == list(range(1, max(map(learned.count, data.modalities)) + 1))
    assert all(a["seconds"] < b["seconds"] for a, b in pairwise(points))
    last = DRCL(**vars(settings.replace(monitor=None, patience=None))).fit(data.train, data.validation)
    whole = trajectory(data, settings.replace(monitor=None, patience=None))
    assert [point["epoch"] for point in whole] == [1, 2, 3, 4, 5]
    assert whole[-1]["mAP"] == pytest.approx(evaluate(last, data.validation).mean())


def test_all_of_the_released_training_runs_anywhere():
    row = released_training(Plan(quick=True, repetitions=2))
    assert [len(taken) for taken in row["seconds"].values()] == [2, 2]
    assert row["figures"]["float32 seconds"] == median(row["seconds"]["float32"])


def test_a_data_set_that_is_not_here_is_told_in_the_row(tmp_path, capsys):
    assert main(["bench-speed", "--rows", "time-to-map", "--out", str(tmp_path)]) == 0
    row = json.loads((tmp_path / "time-to-map.json").read_text(encoding="utf-8"))
    assert not row["measured"]
    assert "python -m data_scripts wikipedia-classic" in row["why"]
    assert "not measured" in capsys.readouterr().out


def test_data_sets_can_be_named(tmp_path):
    assert Plan(datasets=["digits-halves"]).present("minimedia", "digits-halves") == ["digits-halves"]
    asked = ["--rows", "precision", "--datasets", "minimedia-small", "--repetitions", "1"]
    assert main(["bench-speed", *asked, "--quick", "--out", str(tmp_path)]) == 0
    row = json.loads((tmp_path / "precision.json").read_text(encoding="utf-8"))
    assert "--datasets minimedia-small --quick" in row["command"]


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["--datasets", "minimedium"], ["'minimedium'", "minimedia-small"]),
        (["--rows", "everything"], ["'everything'", "released-epoch"]),
        (["--repetitions", "0"], ["--repetitions", "'0'", "at least 1"]),
        (["--repetitions", "two"], ["--repetitions", "'two'"]),
    ],
)
def test_bad_usage_is_told_in_one_line(arguments, fragments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench-speed", *arguments])
    assert ended.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert not [fragment for fragment in fragments if fragment not in line], line
