"""``bench --search``: tries on validation data, their choice, and when it is kept."""

from collections import Counter

import pytest

from drcl_mini import load_dataset
from drcl_mini.experiments.plan.choice import FINAL, FIRST, MORE, ROUNDS, SEED, SEEDS
from drcl_mini.experiments.plan.suites import SUITES
from drcl_mini.experiments.run import command
from drcl_mini.experiments.store.results import read_results

TINY = ["--set", "hidden=[8]", "--set", "dim=10", "--set", "epochs=2", "--set", "DRCL.prior_epochs=1"]


def test_a_search_is_recorded_and_its_choice_used(out, grid, export):
    export()
    export("nothing to choose", space={})
    assert grid("toy", "nothing to choose", more=["--search", "--seeds", "2"]) == 0
    tries = read_results(out / "search.jsonl")
    assert {(r["method"], r["seed"]) for r in tries} == {("toy", seed) for seed in (SEED, *SEEDS)}
    assert sorted(r["settings"]["width"] for r in tries) == [2, 2, 2, 3, 3, 3, 4, 4, 4]  # 3 is the default
    means = {w: sum(r["validation"] for r in tries if r["settings"]["width"] == w) for w in (2, 3, 4)}
    best = {"settings": {"width": max(means, key=means.get)}}
    for record in read_results(out / "results.jsonl"):
        if record["method"] == "toy":
            assert record["settings"]["width"] == best["settings"]["width"]
            width = best["settings"]["width"]
            assert record["search"]["chosen"] == ({} if width == 3 else {"width": width})
            assert (record["search"]["tries"], record["search"]["edges"]) == (3, {})
        else:
            assert record["search"] is None
    assert all(r["scores"] == [] for r in tries)
    (out / "search.jsonl").unlink()
    assert grid("toy", more=["--search", "--seeds", "3", "--resume"]) == 0
    assert read_results(out / "search.jsonl") == []  # the choice stands in the runs' records
    assert len({r["settings"]["width"] for r in read_results(out / "results.jsonl") if r["method"] == "toy"}) == 1


def test_what_is_stored_is_checked_before_a_search(says, out, grid, export, monkeypatch, capsys):
    export()
    export("other")
    assert grid("toy", more=["--search", "--seeds", "1"]) == 0
    assert grid("other", more=["--resume", "--seeds", "1"]) == 0
    content = [(out / name).read_bytes() for name in ("results.jsonl", "search.jsonl")]
    capsys.readouterr()
    monkeypatch.setattr(command, "here", lambda tasks: pytest.fail("it had begun"))
    for more, fragment in (["--threads", "2"], "threads = 1, now it is 2"), (["--set", "width=9"], "now it is 9"):
        assert grid("toy", more=["--search", "--resume", *more]) == 1
        says("'toy'", fragment)
    assert grid("other", more=["--search", "--resume"]) == 1
    says("'other'", "--search = not made, now it is made")
    assert grid("toy", more=["--resume"]) == 1
    says("'toy'", "--search = made, now it is not made")
    assert [(out / name).read_bytes() for name in ("results.jsonl", "search.jsonl")] == content


def test_a_search_is_made_at_each_share_of_wrong_labels(out, grid, export):
    right, seen = load_dataset("digits-halves"), []
    calm = export()._learn

    def learn(self, train, held):
        wrong = [(train.labels[name] != y).mean() for name, y in right.train.labels.items()]
        assert all((held.labels[name] == y).all() for name, y in right.validation.labels.items())
        seen.append((self.seed, round(float(sum(wrong) / 2), 1)))
        calm(self, train, held)

    export("toy", _learn=learn)
    assert grid("toy", more=["--suite", "noise", "--search", "--seeds", "1"]) == 0
    noises = SUITES["noise"].noises
    tries, runs = (read_results(out / f"{name}.jsonl") for name in ("search", "results"))
    assert Counter(r["label_noise"] for r in tries) == dict.fromkeys(noises, 9)
    tried = [(seed, x) for seed in (SEED, *SEEDS) for x in noises for _ in range(3)]
    assert Counter(seen[:-5]) == Counter(tried)
    assert seen[-5:] == [(0, x) for x in noises]
    assert [(r["label_noise"], r["search"]["label_noise"]) for r in runs] == [(x, x) for x in noises]


def test_variants_take_the_choice_of_drcl(out, grid):
    names = ["DRCL", "without FA", "q = 1 throughout", "fixed simplex prior"]
    assert grid(*names, more=["--search", "--seeds", "1", *TINY]) == 0
    tries = read_results(out / "search.jsonl")
    number = FIRST + ROUNDS * MORE + FINAL * len(SEEDS)
    assert Counter(r["method"] for r in tries) == {"DRCL": number, "fixed simplex prior": number}
    drcl, without, fixed_q, fixed_prior = read_results(out / "results.jsonl")
    chosen = drcl["search"]["chosen"]
    assert {name: without["settings"][name] for name in chosen if name != "gamma"} == {
        name: value for name, value in drcl["settings"].items() if name in chosen and name != "gamma"
    }
    assert without["search"] == fixed_q["search"] == drcl["search"]
    assert (fixed_q["settings"]["q_rate"], fixed_q["settings"]["learning_rate"]) == (
        1,
        drcl["settings"]["learning_rate"],
    )
    assert fixed_prior["search"]["method"] == "fixed simplex prior"
    assert grid("without intra", more=["--search", "--resume", "--seeds", "1", *TINY]) == 2  # nothing to choose from
    assert grid("DRCL", "without intra", more=["--search", "--resume", "--seeds", "1", *TINY]) == 0
    assert len(read_results(out / "search.jsonl")) == 2 * number
    assert read_results(out / "results.jsonl")[-1]["search"] == drcl["search"]
