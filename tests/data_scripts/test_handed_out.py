"""Sets that are handed out on request: generated files of the published layout, converted number by number."""

import json

import numpy as np
import pytest

from data_scripts.__main__ import NAMES, main, script
from data_scripts.identity import file_id
from drcl_mini import load_dataset

HANDED_OUT = ["xmedia", "xmedianet", "nus-wide", "inria-websearch"]
FORMS = {"xmedia": ["v5", "v7.3"], "xmedianet": ["v5", "v7.3"], "nus-wide": ["hdf5"], "inria-websearch": ["v5", "v7.3"]}


@pytest.fixture
def convert(write, small, tmp_path, capsys):
    """Write a layout's variables and convert the file; gives the exit code and what stderr says."""

    def run(name, layout=None, form=None):
        layout = layout or small(name)
        path = write(form or FORMS[name][0], tmp_path / script(name).ABOUT.file, layout.variables)
        code = main([name, "--source", str(path)])
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def refuses(convert, data_home):
    """Converting fails in one line with these fragments, and nothing is left."""

    def check(name, layout, *fragments, form=None):
        code, error = convert(name, layout, form)
        line = [line for line in error.splitlines() if "note:" not in line]
        assert (code, len(line)) == (1, 1), error
        assert line[0].startswith(f"error: {name}: {script(name).ABOUT.file}")
        assert not [fragment for fragment in fragments if fragment not in line[0]], error
        assert not any(data_home.iterdir())

    return check


@pytest.mark.parametrize(("name", "form"), [(name, form) for name, forms in FORMS.items() for form in forms])
def test_a_file_of_the_published_layout_is_converted(convert, small, matches, data_home, name, form):
    layout = small(name)
    code, notes = convert(name, layout, form)
    assert code == 0
    dataset = load_dataset(name)
    assert matches(dataset, layout.expected)
    about = script(name).ABOUT
    assert dataset.classes == tuple(map(str, range(about.classes)))
    dimensions = {modality: x.shape[1] for modality, x in dataset.train.features.items()}
    assert set(dimensions) == set(about.dimensions)
    for modality, d in dimensions.items():
        assert f"{name}: note: {modality} has {d} dimensions, {about.dimensions[modality]} are published" in notes
    card = json.loads((data_home / f"{name}.json").read_text(encoding="utf-8"))
    assert card["git_blob_id"] == file_id(data_home / f"{name}.npz")
    assert card["checksums"].keys() == {about.file}
    assert card["split"]["test"].keys() == dimensions.keys()
    assert card["features"]["image"]["published_dimension"] == 4096
    assert (card["licence"], card["citation"], card["source"]) == (about.licence, about.citation, about.origin)
    assert sorted(path.name for path in data_home.iterdir()) == [f"{name}.json", f"{name}.npz"]


def as_mrl_has_it(layout, keep):
    """The file of MRL: ``train_text``, no validation part; its rows begin the test part, or are left out."""
    held, own = {}, {}
    for name, value in layout.variables.items():
        part, rest = name.split("_", 1)
        rest = "text" if rest == "texts" else rest
        (held if part == "valid" else own)[f"{'test' if part == 'valid' else part}_{rest}"] = value
    layout.variables = {k: np.concatenate([held[k], x]) if keep and k in held else x for k, x in own.items()}
    if not keep:
        layout.expected["validation"] = {}
    return layout


@pytest.mark.parametrize("keep", [True, False])
def test_nus_wide_without_a_validation_part_is_taken(convert, small, matches, keep):
    layout = as_mrl_has_it(small("nus-wide"), keep)
    assert convert("nus-wide", layout)[0] == 0
    assert matches(load_dataset("nus-wide"), layout.expected)


def test_nus_wide_without_a_validation_part_has_one_of_two_sizes(refuses, small):
    layout = as_mrl_has_it(small("nus-wide"), True)
    layout.variables = {k: x[:-1] if k.startswith("test") else x for k, x in layout.variables.items()}
    refuses("nus-wide", layout, "22 rows", "expected 23, the first 12 for validation, or 11 without any")


@pytest.mark.parametrize("name", HANDED_OUT)
def test_without_the_file_it_says_where_to_ask_and_how_to_go_on(name, capsys, data_home):
    assert main([name]) == 1
    about, shown = script(name).ABOUT, capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    command = f"python -m data_scripts {name} --source {about.file}"
    assert f"ask at {about.ask} for {about.file}" in shown.err
    assert command in shown.err
    assert list(data_home.iterdir()) == []


@pytest.mark.parametrize("name", HANDED_OUT)
def test_each_missing_variable_is_named(small, refuses, name):
    for variable in small(name).variables:
        layout = small(name)
        del layout.variables[variable]
        refuses(name, layout, f"'{variable}' is missing")


def test_one_row_less_is_told(small, refuses):
    for name, variable, rows in (
        ("xmedia", "T_tr_BOW", 39),
        ("xmedia", "d3_te", 5),
        ("nus-wide", "valid_texts", 11),
        ("inria-websearch", "te_img", 10),
    ):
        layout = small(name)
        layout.variables[variable] = layout.variables[variable][:-1]
        refuses(name, layout, f"'{variable}'", f"({rows}, ", f"expected {rows + 1} rows")


def test_the_video_of_xmedia_may_have_another_number_of_training_rows(small, convert):
    layout = small("xmedia")
    for variable in ("V_tr_CNN", "trVidCat"):
        layout.variables[variable] = layout.variables[variable][:-2]
    assert convert("xmedia", layout)[0] == 0
    assert len(load_dataset("xmedia").train.labels["video"]) == 21


def test_transposed_features_are_told_as_such(small, refuses):
    layout = small("nus-wide")
    layout.variables["train_imgs_deep"] = layout.variables["train_imgs_deep"].T
    refuses("nus-wide", layout, "(7, 31)", "is it transposed?")


def change(layout, name, value):
    layout.variables[name] = value(layout.variables[name])
    return layout


@pytest.mark.parametrize(
    ("value", "fragment"),
    [
        (lambda y: y[:-1], "labels have shape (30, 1), expected one for each of 31 rows"),
        (lambda y: np.eye(10)[y.ravel() - 1], "labels have shape (31, 10)"),
        (lambda y: y + 0.5, "labels are not whole numbers"),
        (lambda y: np.where(y == 10, np.nan, y), "labels are not whole numbers"),
        (lambda y: np.where(y == 10, 11, y), "labels run from 1 to 11, expected 1 to 10 or 0 to 9"),
        (lambda y: np.where(y == 1, -1, y), "labels run from -1 to 10"),
        (lambda y: y - 1, "labels run from 0 to 10"),
    ],
)
def test_labels_out_of_range_are_told(small, refuses, value, fragment):
    refuses("nus-wide", change(small("nus-wide"), "train_imgs_labels", value), fragment)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("name", "variable", "part"), [("xmedia", "A_te", "validation"), ("nus-wide", "train_texts", "train")]
)
def test_values_that_are_not_finite_are_told(small, refuses, name, variable, part, bad):
    layout = small(name)
    layout.variables[variable][-1, 0] = bad
    refuses(name, layout, part, "NaN or infinite values", "drop or fill them first")


@pytest.mark.parametrize("form", ["v5", "v7.3"])
def test_cell_arrays_where_numbers_belong_and_the_other_way_round(small, refuses, form):
    layout = small("xmedia")
    layout.variables["A_tr"] = [layout.variables["A_tr"], layout.variables["A_te"]]
    refuses("xmedia", layout, "'A_tr'", "a cell array, expected numbers", form=form)
    layout = small("xmedianet")
    layout.variables["train"] = layout.variables["train"][0]
    refuses("xmedianet", layout, "'train' is no cell array, expected a cell array of 5 views", form=form)


def test_xmedianet_with_four_views_or_views_that_do_not_tell(small, refuses):
    layout = small("xmedianet")
    layout.variables["test"] = layout.variables["test"][:4]
    refuses("xmedianet", layout, "'test' is 4 cells")
    layout = small("xmedianet")
    layout.variables["train"][2] = layout.variables["train"][3]
    refuses("xmedianet", layout, "views 3 to 5 have shapes", "can't tell audio, 3d and video")


def test_the_views_of_xmedianet_may_come_in_another_order(small, convert, matches):
    layout = small("xmedianet")
    for name, views in layout.variables.items():
        layout.variables[name] = [views[i] for i in (0, 1, 4, 3, 2)]
    assert convert("xmedianet", layout)[0] == 0
    assert matches(load_dataset("xmedianet"), layout.expected)


def test_an_earlier_data_set_is_kept_when_the_next_file_is_bad(small, convert, data_home):
    assert convert("nus-wide")[0] == 0
    before = {path.name: path.read_bytes() for path in data_home.iterdir()}
    layout = small("nus-wide")
    layout.variables["test_imgs_deep"][0, 0] = np.nan
    assert convert("nus-wide", layout)[0] == 1
    assert {path.name: path.read_bytes() for path in data_home.iterdir()} == before


def test_a_source_that_is_not_there(capsys, tmp_path):
    assert main(["xmedia", "--source", str(tmp_path / "absent.mat")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "absent.mat" in error
    assert "--source takes XMediaFeatures.mat" in error


@pytest.mark.parametrize("names", [[], ["all"], ["xmedia", "xmedianet"], ["pascal-sentence"]])
def test_a_source_goes_with_one_set_that_takes_it(capsys, names):
    with pytest.raises(SystemExit) as ended:
        main([*names, "--source", "some.mat"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--source goes with one of wikipedia, xmedia," in error


def test_all_of_them_name_a_place(capsys):
    abouts = [script(name).ABOUT for name in NAMES]
    assert [about.name for about in abouts if about.ask] == HANDED_OUT
    assert all(about.file for about in abouts if about.ask)
