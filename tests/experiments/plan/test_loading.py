from drcl_mini.experiments.plan.grid import Cell, tasks_of
from drcl_mini.experiments.plan.loading import dataset, digest
from drcl_mini.experiments.plan.methods import Method


def test_a_digest_depends_on_every_split(make_split, monkeypatch):
    data, other, expected = dataset("digits-halves"), make_split(), digest("digits-halves")
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    changed = [data, *(type("Data", (), {**parts, part: other}) for part in parts)]
    changed.append(type("Data", (), {**parts, "validation": None}))
    monkeypatch.setattr("drcl_mini.experiments.plan.loading.dataset", lambda name: changed[name])
    found = [digest.__wrapped__(number) for number in range(len(changed))]
    assert len(set(found)) == len(found)
    assert found[0] == expected
    (task,) = tasks_of(Cell("digits-halves", Method("SM", "SM")), [0])
    assert task.data == expected
