"""A clock that jumps, back or ahead: training, files and downloads don't look at it."""

import random
import time

import pytest

from data_scripts.download import fetch
from data_scripts.identity import blob_id
from drcl_mini import DRCL, MultimodalDataset
from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.store.results import read_results, records_of
from drcl_mini.experiments.store.writing import ResultsFile


@pytest.fixture
def jumping_clock(monkeypatch):
    """A clock of the wall that says any time from 1970 to 2100, now this, now that."""
    chance = random.Random(0)
    monkeypatch.setattr(time, "time", lambda: chance.uniform(0, 4.1e9))
    monkeypatch.setattr(time, "time_ns", lambda: chance.randrange(10**9 * 4_100_000_000))


def test_a_clock_that_jumps_changes_nothing(tiny, train, state, same, tmp_path, request):
    def made(folder):
        folder.mkdir()
        model = DRCL(**tiny).fit(train, checkpoint=folder / "fit", every=1)
        MultimodalDataset(train, None, train, "some", "abc").to_npz(folder / "some.npz")
        for seed in range(2):
            with ResultsFile(folder / "results.jsonl") as file:
                file.append(records_of(Task("some", "SM", "SM", {}, (seed,)), [{"error": "none"}]))
        return model, (folder / "some.npz").read_bytes(), read_results(folder / "results.jsonl")

    calm = made(tmp_path / "calm")
    request.getfixturevalue("jumping_clock")
    jumped = made(tmp_path / "jumped")
    assert same(state(jumped[0]), state(calm[0]))
    assert jumped[1:] == calm[1:]


def test_a_download_while_the_clock_jumps(serve, tmp_path, jumping_clock):
    (tmp_path / "example.org").mkdir()
    (tmp_path / "example.org" / "file").write_bytes(b"hello" * 10**5)
    asked = serve(tmp_path)
    assert fetch("https://example.org/file", blob_id(b"hello" * 10**5)).read_bytes() == b"hello" * 10**5
    assert asked == ["/example.org/file"]
