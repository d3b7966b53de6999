"""The paper's claims and what was found: ``book/results/verdicts.json`` from the stored runs.

Each claim is one comparison, made on every data set that has its runs, with intervals over seeds and test items. Data
sets of one source are one block (their mean); the blocks' mean has an interval, too. Five claims are one family (Holm).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from result_file import runs, store

from drcl_mini import load_dataset
from drcl_mini.data.load import SOURCES
from drcl_mini.experiments.report.resampling import precisions, resample
from drcl_mini.experiments.report.significance import holm

COMMAND = "python book/experiments/verdicts.py"
ABLATIONS, BENCHMARK = "ablations-now", "evidence"
LEVEL = 0.05


class Claim(NamedTuple):
    """One claim of the abstract, and the comparison that asks it."""

    name: str
    claim: str
    question: str
    plus: str
    minus: Sequence[str] | str
    folder: str


CLAIMS = (
    Claim(
        "selection",
        "Selecting the prior by its quality beats a blind choice of modality.",
        "the selected prior, minus the mean over all modalities' priors",
        "full",
        "prior of each modality",
        ABLATIONS,
    ),
    Claim(
        "learned prior",
        "A learned prior beats an orthogonal one.",
        "the selected prior, minus a random orthogonal one, whose columns have length 1",
        "full",
        ["orthogonal prior"],
        ABLATIONS,
    ),
    Claim(
        "recasting",
        "Recast targets and the consistency losses help.",
        "all losses, minus the label loss alone",
        "full",
        ["label loss only"],
        ABLATIONS,
    ),
    Claim(
        "augmentation",
        "Feature augmentation helps.",
        "with augmentation, minus without",
        "full",
        ["without FA"],
        ABLATIONS,
    ),
    Claim(
        "outperforms",
        "DRCL outperforms other methods.",
        "DRCL, minus the rival that is best on validation data; both searched",
        "DRCL",
        "best rival by validation",
        BENCHMARK,
    ),
)


PARTS = (
    Claim(
        "label loss",
        "",
        "all losses, minus all without the label loss",
        "full",
        ["without label loss"],
        ABLATIONS,
    ),
    Claim(
        "annealing",
        "",
        "GCE with an annealed q, minus q = 1 throughout; against q = 0 see the ablations",
        "full",
        ["q = 1 throughout"],
        ABLATIONS,
    ),
)
"""Parts of the method about which the abstract claims nothing; asked in the same way, outside of the family."""


def rivals(
    records: Sequence[Mapping[str, Any]], name: str, claim: Claim
) -> list[str]:
    """The methods that a claim compares with on a data set."""
    if claim.minus == "prior of each modality":
        return [
            f"prior of {modality}" for modality in load_dataset(name).modalities
        ]
    if claim.minus == "best rival by validation":
        own = [
            r
            for r in records
            if r["dataset"] == name
            and r["error"] is None
            and r["method"] != claim.plus
        ]
        scores: dict[str, list[float]] = {}
        for record in own:
            scores.setdefault(record["method"], []).append(record["validation"])
        return [max(scores, key=lambda method: float(np.mean(scores[method])))]
    return list(claim.minus)


def gaps(
    records: Sequence[Mapping[str, Any]], name: str, claim: Claim
) -> dict[str, np.ndarray]:
    """By modality, AP of each test item in each seed: the claim's method minus the mean of what it is compared with."""
    own, first = precisions(records, name, claim.plus)
    others = [
        precisions(records, name, method) for method in rivals(records, name, claim)
    ]
    seeds = sorted(set(own).intersection(*(found for found, _ in others)))
    pick = [
        table[m][[found.index(s) for s in seeds]]
        for found, table in others
        for m in first
    ]
    mean = {m: np.mean(pick[i :: len(first)], axis=0) for i, m in enumerate(first)}
    return {m: x[[own.index(s) for s in seeds]] - mean[m] for m, x in first.items()}


def summary(drawn: np.ndarray, difference: float) -> dict[str, float]:
    """Difference, 95 % interval, standard error, and a two-sided p by a normal distribution."""
    from scipy.stats import norm

    low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
    error = float(drawn.std(ddof=1))
    p = float(2 * norm.sf(abs(difference) / error))
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "error": error,
        "p": p,
    }


def found_for(claim: Claim) -> dict[str, Any]:
    """What was found for one claim: on each data set, each source, and over sources."""
    records = runs(claim.folder)
    sets, draws = {}, {}
    for name in dict.fromkeys(r["dataset"] for r in records):
        held = {r["method"] for r in records if r["dataset"] == name}
        if not held.issuperset([claim.plus, *rivals(records, name, claim)]):
            continue
        table = gaps(records, name, claim)
        difference = float(np.mean([x.mean() for x in table.values()]))
        source = SOURCES.get(name, name)
        seed = (
            sorted(set(SOURCES.values())).index(source)
            if source in SOURCES.values()
            else 99
        )
        drawn = resample(
            table, seed
        )  # one seed a source: its data sets share the drawn items
        draws.setdefault(source, []).append((drawn, difference))
        seeds = len(next(iter(table.values())))
        against = rivals(records, name, claim)
        sets[name] = summary(drawn, difference) | {
            "seeds": seeds,
            "against": against,
        }
    means = {
        s: (np.mean([d for d, _ in x], axis=0), float(np.mean([g for _, g in x])))
        for s, x in draws.items()
    }
    blocks = {source: summary(*pair) for source, pair in means.items()}
    whole = np.mean([drawn for drawn, _ in means.values()], axis=0)
    mean = summary(whole, float(np.mean([gap for _, gap in means.values()])))
    return {
        "claim": claim.claim,
        "question": claim.question,
        "data sets": sets,
        "sources": blocks,
        "mean": mean,
    }


def verdict(found: Mapping[str, Any], p: float) -> str:
    """In words, by the sources and their mean; p is corrected for the family."""
    ahead = [s for s, row in found["sources"].items() if row["low"] > 0]
    behind = [s for s, row in found["sources"].items() if row["high"] < 0]
    if ahead and behind:
        return f"depends on the data: yes on {', '.join(ahead)}; no on {', '.join(behind)}"
    if p < LEVEL:
        return "supported" if found["mean"]["difference"] > 0 else "contradicted"
    if ahead or behind:
        told = (
            f"yes on {', '.join(ahead)}" if ahead else f"no on {', '.join(behind)}"
        )
        return f"{told}; elsewhere no difference found"
    return "no difference found"


def main() -> None:
    """Ask every claim, and store the answers."""
    found = {claim.name: found_for(claim) for claim in CLAIMS}
    corrected = holm([one["mean"]["p"] for one in found.values()]).tolist()
    for one, p in zip(found.values(), corrected, strict=True):
        one |= {"p (Holm)": p, "verdict": verdict(one, p)}
    family = f"{len(CLAIMS)} claims, their means over sources; Holm at {LEVEL}"
    parts = {part.name: found_for(part) for part in PARTS}
    store("verdicts", COMMAND, {"family": family, "claims": found, "parts": parts})


if __name__ == "__main__":
    main()
