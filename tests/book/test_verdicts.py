"""How the paper's claims are answered from runs: comparisons, blocks, words."""

import numpy as np
import pytest
import verdicts

from drcl_mini.experiments.store.items import pack

SOURCE = np.random.default_rng(0)


def run(dataset, method, seed, level, validation=0.5):
    items = {"a": np.clip(SOURCE.normal(level, 0.05, 40), 0, 1), "b": np.clip(SOURCE.normal(level, 0.05, 30), 0, 1)}
    about = {"dataset": dataset, "method": method, "seed": seed, "error": None, "validation": validation}
    return about | {"items": pack(items)}


def runs(levels, datasets=("numbers", "things", "things-fine"), seeds=4):
    return [run(d, m, s, level) for d in datasets for m, level in levels.items() for s in range(seeds)]


@pytest.fixture
def claim(monkeypatch):
    """A claim about methods A and B, and what was found in some records."""

    def ask(records, minus=("B",)):
        monkeypatch.setattr(verdicts, "runs", lambda folder: records)
        return verdicts.found_for(verdicts.Claim("toy", "A is better.", "A minus B", "A", minus, None))

    return ask


def test_depths_of_one_source_are_one_block(claim):
    found = claim(runs({"A": 0.6, "B": 0.5}))
    assert list(found["data sets"]) == ["numbers", "things", "things-fine"]
    assert list(found["sources"]) == ["numbers", "things"]
    by_set = {name: row["difference"] for name, row in found["data sets"].items()}
    things = (by_set["things"] + by_set["things-fine"]) / 2
    assert found["sources"]["things"]["difference"] == pytest.approx(things)
    assert found["mean"]["difference"] == pytest.approx((by_set["numbers"] + things) / 2)
    assert found["mean"]["difference"] == pytest.approx(0.1, abs=0.02)
    assert found["mean"]["low"] > 0
    assert verdicts.verdict(found, found["mean"]["p"]) == "supported"


def test_words_for_what_was_found(claim):
    both = runs({"A": 0.6, "B": 0.5}, ["numbers"]) + runs({"A": 0.5, "B": 0.6}, ["things"])
    assert verdicts.verdict(claim(both), 0.9) == "depends on the data: yes on numbers; no on things"
    one = runs({"A": 0.6, "B": 0.5}, ["numbers"]) + runs({"A": 0.5, "B": 0.5}, ["things"])
    assert verdicts.verdict(claim(one), 0.2) == "yes on numbers; elsewhere no difference found"
    assert verdicts.verdict(claim(runs({"A": 0.4, "B": 0.6})), 0.001) == "contradicted"
    assert verdicts.verdict(claim(runs({"A": 0.5, "B": 0.5})), 0.5) == "no difference found"


def test_the_rival_is_chosen_on_validation_data(claim):
    records = [
        run("numbers", m, s, level, held)
        for m, level, held in (("A", 0.5, 0.5), ("B", 0.9, 0.2), ("C", 0.3, 0.8))
        for s in range(3)
    ]
    found = claim(records, "best rival by validation")
    assert found["data sets"]["numbers"]["against"] == ["C"]
    assert found["mean"]["difference"] == pytest.approx(0.2, abs=0.03)


def test_a_blind_choice_is_the_mean_over_all_modalities(claim):
    levels = {"A": 0.6} | {f"prior of {m}": 0.5 for m in ("image", "text")}
    records = runs(levels, ["wikipedia-classic"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verdicts, "load_dataset", lambda name: type("Data", (), {"modalities": ("image", "text")}))
        found = claim(records, "prior of each modality")
    assert found["data sets"]["wikipedia-classic"]["against"] == ["prior of image", "prior of text"]
