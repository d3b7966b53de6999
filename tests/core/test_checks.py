import sys

import numpy as np
import pytest

import drcl_mini.method.consistency
from drcl_mini import DRCL, Split
from drcl_mini.core.checks import check_integer, check_mapping, require, suggest

TABLE = np.arange(6).reshape(3, 2)


def test_suggestions_begin_with_close_names():
    assert suggest("imgae", ["text", "image"]) == "did you mean 'image'? known: 'text', 'image'"
    assert suggest("x", []) == "known: none"


def test_a_missing_package_is_named_with_its_command(complains, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with complains("librosa", "pip install librosa", error=ImportError):
        require("librosa")


@pytest.mark.parametrize(
    ("value", "rules", "fragments"),
    [
        *((k, {}, ["an integer of at least 1"]) for k in (0, -3, 2.0, np.float32(2), True, "all", [1], None)),
        (0, {"optional": True}, ["None or an integer of at least 1"]),
        (1, {"least": 2}, ["at least 2"]),
        (0, {"most": 9}, ["an integer from 1 to 9"]),
        (np.int8(10), {"most": 9}, ["from 1 to 9"]),
    ],
)
def test_what_is_no_integer_in_range_is_named(value, rules, fragments, complains):
    with complains(f"k is {value!r}", *fragments):
        check_integer(value, "k", **rules)


def test_integers_become_pythons():
    found = [check_integer(1, "k"), check_integer(np.uint8(7), "k", most=7), check_integer(-2, "k", least=-2)]
    assert found == [1, 7, -2]
    assert {type(value) for value in found} == {int}
    assert check_integer(None, "k", optional=True) is None


@pytest.mark.parametrize("given", [{}, [], None, {1: TABLE}, {"": TABLE}])
def test_a_mapping_has_names(given, complains):
    with complains("features"):
        check_mapping(given, "features")


def test_warnings_point_at_the_caller_of_the_package(tiny, train, monkeypatch):
    with pytest.warns(UserWarning, match="rank 0") as caught:
        DRCL(**tiny).fit(train, prior=np.zeros((6, 3)))

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(drcl_mini.method.consistency, "augment", interrupted)
    with pytest.warns(UserWarning, match="interrupted") as too:
        DRCL(**tiny).fit(train)
    assert {warning.filename for warning in [*caught, *too]} == {__file__}


@pytest.mark.parametrize("name", ["", 3, "a\0b", "a\n", "\x1b[2Jtext"])
def test_names_of_modalities_can_be_printed(name):
    with pytest.raises(ValueError, match=r"modality name .*, expected a non-empty string of printable characters"):
        Split({name: np.eye(2)}, {name: np.arange(2)})
