"""Plans: suites, and parts of them replaced."""

import pytest

from drcl_mini import MultimodalDataset
from drcl_mini.core.files import data_folder
from drcl_mini.experiments.plan.changes import Change
from drcl_mini.experiments.plan.plan import plan_of
from drcl_mini.experiments.plan.suites import SUITES


def test_a_plan_takes_a_suite_and_changes_parts_of_it():
    tasks = plan_of(SUITES["noise"], ["digits-halves"], ["DRCL", "SM"], None, []).tasks()
    assert len(tasks) == 5 + 5 * 5
    assert {task.label_noise for task in tasks} == {0.0, 0.2, 0.4, 0.6, 0.8}
    plan = plan_of(SUITES["smoke"], None, ["DRCL", "SM"], None, [Change("", "epochs", 9), Change("SM", "C", 1)])
    drcl, sm = (cell.changes for cell in plan.cells)
    assert (drcl["epochs"], drcl["dim"]) == (9, 16)
    assert sm["C"] == 1
    assert "C" not in drcl


def test_what_a_data_set_has_not_is_left_out_with_a_warning(make_split, monkeypatch):
    split = make_split()
    MultimodalDataset(split, split, split, "blobs-to-plan", tuple("abc")).to_npz(data_folder() / "blobs-to-plan.npz")
    with pytest.warns(UserWarning, match="'digits-halves' has no method 'prior of image'"):
        plan = plan_of(None, ["digits-halves", "blobs-to-plan"], ["SM", "prior of image"], 2, [])
    assert [cell.key[:2] for cell in plan.cells] == [
        ("digits-halves", "SM"),
        ("blobs-to-plan", "SM"),
        ("blobs-to-plan", "prior of image"),
    ]


@pytest.mark.parametrize("value", [-0.1, 1.1, True, None, "0.2", (0.2, 0.4), float("nan"), {}])
def test_a_share_is_a_number_from_0_to_1(value, complains):
    def noises(share):
        plan = plan_of(None, ["digits-halves"], ["SM"], 1, [Change("", "label_noise", share)])
        return [cell.noise for cell in plan.cells]

    assert [type(noise) for share in (0, 0.5, 1) for noise in noises(share)] == [float] * 3
    with complains("'label_noise'", repr(value), "from 0 to 1"):
        noises(value)
