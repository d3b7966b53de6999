"""Sentences of the book beside the result files that they rest on: the numbers in them are worked out here."""

import functools
from pathlib import Path

import nbformat
import numpy as np
import pytest
from kit import result, runs

from drcl_mini.experiments.report.significance import paired

BOOK = Path(__file__).parents[2] / "book"


@functools.cache
def text(page):
    path = BOOK / page
    if path.suffix == ".md":
        return " ".join(path.read_text(encoding="utf-8").split())
    cells = nbformat.read(path.with_suffix(".ipynb"), as_version=4).cells
    return " ".join(" ".join(c.source for c in cells if c.cell_type == "markdown").split())


@functools.cache
def stored(name):
    return result(name)


def claim(name, source, group="claims"):
    return abs(stored("verdicts")[group][name]["sources"][source]["difference"])


def row(kind, dataset, method, what="difference"):
    (found,) = (r for r in stored("differences")[kind] if (r["dataset"], r["method"]) == (dataset, method))
    return abs(found[what])


def habit(change, dataset, beside="default"):
    test = stored("released-facts")["trained"][dataset]["test"]
    return paired(test[change], test[beside])


@functools.cache
def noise(dataset, method, share):
    some = runs("noise-now" if dataset in ("numbers", "wikipedia-classic") else "noise")
    some = some if method in {r["method"] for r in some} else runs("noise-losses")
    own = [r for r in some if (r["dataset"], r["method"], r["label_noise"]) == (dataset, method, share)]
    return np.mean([np.mean([s["map"] for s in r["scores"] if s["k"] == "all"]) for r in own])


def across(way):
    return np.mean([run["across"] for run in stored("one-prior")["test mAP"][way]])


def first_steps():
    box = stored("search-box")["map"]
    wiki, things = (claim("label loss", s, "parts") for s in ("wikipedia", "things"))
    alone = max(claim("recasting", s) for s in ("wikipedia", "things"))
    chance = stored("differences")["chance"]["numbers"]
    yield "00-welcome", f"is {box['after']:.3f} instead of {box['full']:.3f}"
    yield "01-quick-start", f"falls by {wiki:.2f} on Wikipedia and by {things:.2f} on `things`"
    yield "01-quick-start", f"mAP stays within {alone:.3f} of the whole on both"
    yield "01-quick-start", f"with the label loss left out, it falls by {min(wiki, things):.2f} and more"
    yield "01-quick-start", f"mAP of {row('default', 'numbers', 'DRCL, after', 'mean'):.2f}, and chance is {chance:.2f}"

    real = stored("real-sets")
    voices = [r["logistic regression"] for r in real["speakers"] if r["features"] == "embedding"]
    low = min(voices) + 1e-9  # 0.845 is rounded up
    yield "03-data", f"one stranger is read at {low:.2f} and another at {max(voices):.2f}"
    speech = {
        r["features"]: r["logistic regression"]
        for r in real["probes"]
        if (r["dataset"], r["modality"]) == ("numbers", "speech")
    }
    yield "03-data", f"With network features, {speech['default']:.2f} of the test speech is named correctly"
    yield "03-data", f"{speech['classic']:.2f}."
    yield "03-data", f"Even the hardest stranger is read at {low:.2f}"
    one = 1 / sum(sizes[2] for sizes in real["items"]["things"]["clip"].values())
    yield "03-data", f"so one item more or less is {one:.2f}"


def the_method():
    wiki, things = (claim("label loss", s, "parts") for s in ("wikipedia", "things"))
    mean = stored("verdicts")["claims"]["augmentation"]["mean"]
    kinds = {name: np.mean(scores) for name, scores in stored("target-kinds")["test mAP"].items()}
    drcl = row("default", "numbers", "DRCL, after", "mean")
    yield "04-selective-prior-learning", f"costs {claim('annealing', 'wikipedia', 'parts'):.3f}"
    yield "06-recasting", f"it stays {drcl - kinds['rows of W⁺']:.3f} behind"
    yield "07-consistency-losses", f"Everything but the last row lies within {other_parts():.3f} of the whole"
    yield "07-consistency-losses", f"one $W$ gives {across('one W for all'):.2f} and five of them give {own_w():.2f}"
    yield "07-consistency-losses", f"mAP falls by {wiki:.2f} on Wikipedia and {things:.2f} on `things`"
    yield (
        "08-augmentation",
        f"is worth −{-mean['difference']:.3f}, with an interval from −{-mean['low']:.3f} to +{mean['high']:.3f}",
    )
    yield "07-consistency-losses", f"−{wiki:.2f} and −{things:.2f}."
    yield "07-consistency-losses", f"and the mAP is {turned():.2f}, as high as"
    yield "08-augmentation", f"and {claim('augmentation', 'wikipedia'):.3f} with today's default"
    yield "09-drcl-whole", f"falls by {wiki:.2f} on Wikipedia and by {things:.2f} on `things`"


def other_parts():
    """The most that a removal other than the label loss's changes, on any source."""
    methods = ("without intra", "without inter", "without mse", "without intra and inter", "label loss only")
    rows = [r for r in stored("differences")["ablations"] if r["method"] in methods]
    return np.ceil(1000 * max(abs(r["difference"]) for r in rows)) / 1000


def turned():
    return np.mean([run["turned"] for run in stored("losses-alone")["test mAP"]["intra"]])


def own_w():
    (way,) = (w for w in stored("one-prior")["test mAP"] if w != "one W for all")
    return across(way)


def the_evidence():
    a, w, t, n = "ablations", "wikipedia-classic", "things", "numbers"
    own = "SPL's encoders"
    without = [row(a, name, "without label loss") for name in (t, w)]
    yield "10-ablations", f"falls by {without[0]:.3f} on `things` and by {without[1]:.3f} on Wikipedia"
    yield "10-ablations", f"better off without mse, by {row(a, n, 'without mse'):.3f}"
    yield "10-ablations", f"On `numbers` it costs {row(a, n, 'without FA'):.3f}, again"
    yield "10-ablations", f"Wikipedia loses {row(a, w, 'q = 1 throughout'):.3f}"
    both, three = (row(a, w, m) for m in ("without SPL and FA", "without SPL, MRR and FA"))
    yield "10-ablations", f"cost {both:.3f}, all three {three:.3f}"
    yield "13-benchmark", f"behind SupCon by {row('benchmark', n, 'SupCon'):.3f}"
    yield "13-benchmark", f"higher mean than DRCL, by {row('benchmark', n, 'fixed orthogonal prior'):.3f}"
    yield "13-benchmark", f"{own} are {row('benchmark', n, own):.3f} ahead"
    b = "benchmark"
    first = [row(b, n, m, "mean") for m in ("SPL alone", "DRCL, posteriors")]
    yield "13-benchmark", f"SPL alone is ahead on `numbers` ({first[0]:.3f} to {first[1]:.3f})"
    first = [row(b, w, m, "mean") for m in ("SPL alone", "DRCL, posteriors")]
    yield "13-benchmark", f"on Wikipedia, too ({first[0]:.3f} to {first[1]:.3f})"
    lead = row(b, w, "DRCL", "mean") - row(b, w, "DRCL, posteriors", "mean")
    yield "13-benchmark", f"find more than its posteriors, by {lead:.3f}"
    yield "10-ablations", f"a simplex of length 5 costs {row(a, w, 'simplex prior × 5'):.3f}"
    far = max(
        noise("spoken-digits", "q = 1 throughout", s) - noise("spoken-digits", "DRCL", s) for s in (0.2, 0.4, 0.6)
    )
    yield "14-noisy-labels", f"gained up to {far:.2f}"
    calm = [
        abs(noise(d, "q = 0 throughout", s) - noise(d, "DRCL", s)) for d in (n, w) for s in (0.0, 0.2, 0.4, 0.6, 0.8)
    ]
    assert max(calm) < 0.01
    yield "14-noisy-labels", "stay within 0.01 of each other at every share"
    ruler = habit("loss, no patience", w, "map, no patience")
    yield "15-released-code", f"$-{-ruler['difference']:.3f} \\pm {ruler['half']:.3f}$"
    large, raw = (-habit(h, "minimedia-small")["difference"] for h in ("large batches", "raw features"))
    yield "15-released-code", f"the same number of epochs costs {large:.2f}"
    yield "15-released-code", f"Yet they cost {raw:.2f} on `minimedia-small`"
    full = stored("released-facts")["full size"]["minimedia-small"]
    same = paired(full["loss, no patience"], full["map, no patience"])
    assert abs(same["difference"]) < same["half"]
    yield "15-released-code", "encoders of the default's width show no difference"
    read = stored("released-facts")["released"]["priors"]["text"]["accuracy of its classes"]
    other = stored("released-facts")["released"]["accuracy"]
    pictures, texts = (f"{100 * read[m]:.1f} % instead of {100 * other[m]:.1f} %" for m in ("image", "text"))
    yield "15-released-code", f"Pictures are right in {pictures}, texts in {texts}"
    yield "15-released-code", f"All habits together gain there, too ({habit('all habits', w)['difference']:.3f})"


def few(method, items):
    return np.mean([r["map"] for r in stored("new-modality")["few"] if (r["method"], r["items"]) == (method, items)])


def use_and_verdict():
    page, search = "17-speed-and-scale", stored("speed/search")["figures"]
    yield page, f"FAISS is {search['ratio']:.0f} times as fast here and misses one neighbour in a hundred"
    assert round(search["recall"], 2) == 1 - 0.01
    both = search["faiss_build_seconds"] + search["faiss_seconds"]
    yield page, f"these 10,000 queries are done {search['exact_seconds'] / both:.1f} times as fast"
    share = stored("speed/released-epoch")["figures"]["float32 share of products"]
    yield page, f"The bare products take {share:.0%} of our float32 time".replace("%", " %")
    turns = sorted(stored("speed/ten-seeds")["seconds"]["minimedia-small"]["one after another"])
    yield page, f"took {turns[0]:.0f} and {turns[1]:.0f} seconds in two turns"
    yield "12-new-modality", f"With three recordings of each digit DRCL is at {few('DRCL', 3):.2f}"
    yield "12-new-modality", f"with one it is at {few('DRCL', 1):.2f} (test data"
    a, w = "ablations", "wikipedia-classic"
    yield "19-verdict", f"costs {row(a, w, 'q = 1 throughout'):.3f} on Wikipedia"
    yield "19-verdict", f"all three together cost {row(a, w, 'without SPL, MRR and FA'):.3f} on Wikipedia"
    yield "19-verdict", f"Against length 5 it is {row(a, w, 'orthogonal prior × 5'):.3f} ahead on Wikipedia"
    yield "19-verdict", f"don't set {across('one W for all'):.2f} beside the scores below"
    weakest = [
        stored("verdicts")["claims"][name]["sources"][source]["p"]
        for name, source in (("recasting", "wikipedia"), ("outperforms", "wikipedia"), ("augmentation", "numbers"))
    ]
    assert all(0.02 < p < 0.05 for p in weakest)
    yield "19-verdict", "with p between 0.02 and 0.05"
    count = sum(len(one["sources"]) for group in ("claims", "parts") for one in stored("verdicts")[group].values())
    assert count == 18
    yield "19-verdict", "There are eighteen such single comparisons"


def reference():
    page = "reference/evidence.md"
    labels = [claim("label loss", source, "parts") for source in ("wikipedia", "things")]
    yield page, f"mAP falls by {min(labels):.2f} and more"
    yield page, f"the random one is ahead by {row('default', 'things-groups', 'orthogonal prior'):.3f}"
    ahead = [row("default", name, "SM") for name in ("wikipedia-classic", "minimedia")]
    yield page, f"clearly ahead on Wikipedia ({ahead[0]:.3f}) and `minimedia` ({ahead[1]:.3f})"
    after = row("default", "things-groups", "DRCL")
    yield page, f"clearly behind, by {after:.3f}, more than it gains anywhere"
    frozen = stored("frozen")["sets"]
    gain = [max(r["mean"] for r in one["trained"].values()) / max(one["frozen"].values()) for one in frozen.values()]
    yield page, f"finds {gain[0]:.1f} times what standardised frozen features find"
    gpu = stored("speed/released-training")["figures"]["float32 seconds"]
    yield "reference/reproduce.md", f"took {gpu:.0f} seconds on an H100 in float32"
    random_ = [r for r in stored("differences")["default"] if r["method"] == "orthogonal prior"]
    assert not any(r["low"] > 0 for r in random_)
    yield page, "On no set was the learned $W$ found ahead of a random orthogonal one"
    five = [r["dataset"] for r in stored("differences")["default"] if r["method"] == "DRCL" and r["difference"] > 0]
    assert len(five) == 5
    yield page, "mean is higher than the old one's on five sets of six"
    tries = {r["search"]["tries"] for r in runs("evidence")}
    assert len(tries) == 1
    yield page, f"Every method has {tries.pop()} tries on validation data"
    p = stored("verdicts")["claims"]["outperforms"]["p (Holm)"]
    yield page, f"with a corrected p of {p:.3f}"


PARTS = (first_steps, the_method, the_evidence, use_and_verdict, reference)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_statements_of_a_part_say_what_results_say(part):
    missing = [(page, said) for page, said in part() if said not in text(page)]
    assert missing == []
