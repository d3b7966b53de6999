"""What a grid will take, before it starts."""

from drcl_mini.app.cli import main
from drcl_mini.experiments.plan.choice import SEED
from drcl_mini.experiments.plan.plan import plan_of
from drcl_mini.experiments.run.duration import TRIES, measured, rows_of, seconds_of
from drcl_mini.experiments.store.results import read_results


def rows(sets, methods, search=True, known=(), seconds=None, seeds=10):
    plan = plan_of(None, sets, methods, seeds, [])
    return rows_of(plan, search, dict.fromkeys(known), {} if seconds is None else seconds)


def test_rows_count_tries_once_and_take_the_times_of_both():
    seconds = {("numbers", "SM"): 2.0, ("numbers-theo", "SM"): 3.0, ("numbers", "DRCL"): 5.0}
    first, second, *variants = (
        rows(["numbers", "numbers-theo"], ["SM", "DRCL", "without FA"], seconds=seconds)[:1]
        + rows(["numbers-theo"], ["SM"], seconds=seconds)
        + rows(["numbers"], ["without FA"], seconds=seconds)
    )
    assert (first.tries, first.runs, first.seconds) == (TRIES, 10, TRIES * 2.0 + 10 * 2.0)
    assert (second.tries, second.seconds) == (TRIES, TRIES * 2.0 + 30.0)  # tries are made on numbers
    assert [(row.tries, row.seconds) for row in variants] == [(0, 50.0)]
    both = rows(["numbers", "numbers-theo"], ["SM"], seconds=seconds)
    assert [row.tries for row in both] == [TRIES, 0]
    assert rows(["numbers"], ["SM"], known=[("numbers", "SM", 0.0)], seconds=seconds)[0].tries == 0
    assert rows(["numbers"], ["PLS"], seconds=seconds)[0].seconds is None


def test_times_come_with_the_package():
    known = measured()
    assert known["numbers", "DRCL"] > known["numbers", "SM"] > 0
    assert rows(["numbers"], ["DRCL"], seconds=known)[0].seconds > 60


def test_a_dry_run_says_what_would_be_done_and_does_nothing(out, grid, export, capsys):
    export()
    assert grid("toy", more=["--search", "--dry-run", "--seeds", "4", "--jobs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "unknown" in printed
    assert not out.exists()
    assert grid("toy", more=["--search", "--seeds", "1"]) == 0
    assert SEED in {record["seed"] for record in read_results(out / "search.jsonl")}
    times = seconds_of(read_results(out / "results.jsonl"))
    assert list(times) == [("digits-halves", "toy")]
    capsys.readouterr()
    assert grid("toy", more=["--search", "--dry-run", "--resume"]) == 0
    assert "unknown" not in capsys.readouterr().out


def test_a_whole_suite_is_foretold(tmp_path, capsys):
    assert (
        main(
            [
                "bench",
                "--suite",
                "benchmark",
                "--datasets",
                "numbers",
                "--search",
                "--dry-run",
                "--out",
                str(tmp_path / "none"),
            ]
        )
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert "with 1 job" in lines[-1]
    assert len(lines) > 20
