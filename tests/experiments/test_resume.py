"""``bench --resume``: what is done is kept, what is not is done, what doesn't fit is told."""

from drcl_mini.experiments.store.results import read_results

TINY = ["--set", "hidden=[8]", "--set", "dim=10", "--set", "epochs=2", "--set", "DRCL.prior_epochs=1"]


def test_results_that_are_there_need_resume(says, out, grid, export, capsys):
    export()
    assert grid("toy", more=["--seeds", "1"]) == 0
    content = (out / "results.jsonl").read_bytes()
    capsys.readouterr()
    assert grid("toy") == 1
    says("results.jsonl", "--resume", "another --out")
    assert grid("toy", more=["--resume", "--set", "width=4"]) == 1
    says("'toy'", "'digits-halves'", "width = 3", "now it is 4")
    assert grid("toy", more=["--resume", "--threads", "2"]) == 1
    says("threads = 1", "now it is 2")
    assert (out / "results.jsonl").read_bytes() == content


def test_resume_goes_on_with_what_is_not_done(out, grid, export, made):
    export()
    assert grid("toy", more=["--seeds", "2", "--resume"]) == 0
    assert grid("toy", "DRCL", more=["--seeds", "3", "--resume", *TINY]) == 0
    assert grid("toy", "DRCL", more=["--seeds", "3", "--resume", *TINY]) == 0
    assert len(made) == len({task.id for task in made}) == 2 + 1 + 1
    assert len(read_results(out / "results.jsonl")) == 6


def test_what_fails_is_recorded_and_tried_again(out, grid, export, capsys):
    calm = export()._learn

    def odd_seeds_fail(self, train, held):
        if self.seed % 2 and broken:
            raise ValueError("odd\nseed")
        calm(self, train, held)

    export("toy", _learn=odd_seeds_fail)
    broken = True
    assert grid("toy", "SM", more=["--seeds", "3", "--set", "SM.C=0.01"]) == 1
    printed = capsys.readouterr()
    assert "failed: digits-halves, toy, seed 1" in printed.err
    assert "1 of 6 runs failed" in printed.err
    assert [r["error"] for r in read_results(out / "results.jsonl")] == [None, "odd seed", None] + [None] * 3
    broken = False
    assert grid("toy", "SM", more=["--seeds", "3", "--set", "SM.C=0.01", "--resume"]) == 0
    assert capsys.readouterr().err == ""
    assert [r["error"] for r in read_results(out / "results.jsonl")] == [None] * 6


def test_what_diverged_is_final(out, grid, made, capsys):
    diverging = ["--seeds", "2", *TINY, "--set", "learning_rate=1e30", "--resume"]
    for _ in range(2):
        assert grid("DRCL", more=diverging) == 1
        assert "2 of 2 runs failed" in capsys.readouterr().err
    assert len(made) == 1


def test_another_number_of_seeds_makes_a_stack_anew(out, grid, export, made):
    export()
    for seeds in (3, 2, 3):
        assert grid("DRCL", "toy", more=["--seeds", str(seeds), "--resume", *TINY]) == 0
        runs = [r for r in read_results(out / "results.jsonl") if r["method"] == "DRCL"]
        assert [(r["seed"], r["stack"]) for r in runs] == [(seed, seeds) for seed in range(seeds)]
    assert [task.method for task in made].count("DRCL") == 3
    assert [task.method for task in made].count("toy") == 3
    assert [(r["engine"], r["jobs"]) for r in runs] == [("here", 1)] * 3


def test_1_and_1_point_0_are_the_same(out, grid, made):
    for value in ("1", "1.0"):
        more = ["--set", f"gamma={value}", "--set", f"label_noise={value}", "--seeds", "1", "--resume", *TINY]
        assert grid("DRCL", more=more) == 0
    assert len(made) == 1


def test_other_data_of_that_name_are_told(says, out, grid, export, monkeypatch):
    export()
    assert grid("toy", more=["--seeds", "1"]) == 0
    monkeypatch.setattr("drcl_mini.experiments.plan.grid.digest", lambda name: "01234567")
    assert grid("toy", more=["--resume"]) == 1
    says("'toy'", "data (digest) = ", "now it is 01234567", "another --out")


def test_runs_without_test_scores_stay_apart(says, out, grid, export):
    export()
    assert grid("toy", more=["--seeds", "2"]) == 0
    before = (out / "results.jsonl").read_bytes()
    assert grid("toy", more=["--suite", "tuning", "--seeds", "3", "--resume"]) == 1
    says("'toy'", "scored on test data = True", "now it is False", "another --out")
    assert (out / "results.jsonl").read_bytes() == before


def test_runs_of_another_commit_are_kept_with_a_warning(says, out, grid, export, monkeypatch):
    export()
    assert grid("toy", more=["--seeds", "2"]) == 0
    monkeypatch.setattr("drcl_mini.experiments.plan.plan.commit", lambda: "0123456789")
    assert grid("toy", more=["--seeds", "2", "--resume"]) == 0
    says("warning: 2 runs of another commit are kept", "--out")


def test_ctrl_c_keeps_what_is_done(says, out, grid, export):
    def third(self, *data):
        if self.seed == 2:
            raise KeyboardInterrupt
        calm(self, *data)

    calm = export()._learn
    export("toy", _learn=third)
    assert grid("toy") == 1
    says("interrupted", "2 runs are kept", "--resume")
    assert len(read_results(out / "results.jsonl")) == 2
