from collections import Counter

import pytest

from drcl_mini.embed.row import Row
from drcl_mini.embed.splits import with_splits


def make(label="a", modality="text", split="", group="", where=""):
    return Row(modality, modality, None, where, label, split, "", group, where)


def test_each_class_is_split_60_15_25():
    rows = [
        make(label, modality, where=f"{label}{i}")
        for label in "ab"
        for modality in ("text", "sound")
        for i in range(40)
    ]
    count = Counter((row.label, row.modality, row.split) for row in with_splits(rows, 0))
    for label in "ab":
        for modality in ("text", "sound"):
            assert [count[label, modality, part] for part in ("train", "validation", "test")] == [24, 6, 10]


def test_the_draw_depends_on_names_and_seed_alone():
    rows = [make(where=str(i)) for i in range(20)]
    first = {row.where: row.split for row in with_splits(rows, 0)}
    assert {row.where: row.split for row in with_splits(rows[::-1], 0)} == first
    assert {row.where: row.split for row in with_splits(rows, 1)} != first


def test_a_group_stays_together_and_a_given_split_stays():
    rows = [make(group=f"speaker {i % 5}", modality=("text", "sound")[i % 2], where=str(i)) for i in range(40)]
    rows.append(make(group="speaker 3", split="validation", where="said"))
    found = with_splits(rows, 0)
    places = {group: {row.split for row in found if row.group == group} for group in {row.group for row in found}}
    assert all(len(splits) == 1 for splits in places.values())
    assert places["speaker 3"] == {"validation"}


@pytest.mark.parametrize(("n", "parts"), [(1, "train"), (2, "train test"), (3, "train train test")])
def test_few_items_train_first(n, parts):
    found = with_splits([make(where=str(i)) for i in range(n)], 0)
    assert sorted(row.split for row in found) == sorted(parts.split())


def test_copies_of_a_file_stay_together(tmp_path):
    rows = []
    for i in range(30):
        path = tmp_path / f"{i}.png"
        path.write_text(f"picture {i % 10}")
        rows.append(make(where=path.name)._replace(file=path))
    found = with_splits(rows, 0)
    for number in range(10):
        assert len({row.split for row in found[number::10]}) == 1
    assert {row.split for row in found} == {"train", "validation", "test"}
