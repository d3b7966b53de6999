"""Measure the common space after each stage: ``python book/experiments/common_space.py`` writes the chapter's result file.

Five seeds and the default settings on ``numbers`` and ``things``; three minutes of one core.
"""

import sys
from pathlib import Path

from drcl_mini import DRCL, evaluate, fit_many, load_dataset

BOOK = Path(__file__).parents[1]
sys.path.insert(0, str(BOOK))

from result_file import store  # noqa: E402

from kit import space  # noqa: E402

COMMAND = "python book/experiments/common_space.py"
DATASETS = "numbers", "things"
SEEDS = range(5)


def stages(data, model):
    """{stage: encoders} of one run."""
    s = model.settings
    return {
        "untrained": space.untrained(data, s),
        "SPL, own starts": space.after_spl(data, s, shared_start=False)[0],
        "SPL": space.after_spl(data, s)[0],
        "RSC": model.encoders_,
    }


def row(f, split):
    """The measures of embeddings and their mAP, also with the gap closed by hand."""
    return space.measures(f, split.labels) | {
        "mAP": evaluate(f, split, [None]).mean(),
        "mAP centred": evaluate(space.centred(f), split, [None]).mean(),
        "gap centred": space.modality_gap(space.centred(f)),
    }


def by_span(f, prior, split):
    """The gap within the span of W and outside of it, and the mAP without what is outside."""
    inside, outside = space.parts(f, prior)
    return {
        "gap inside": space.modality_gap(inside),
        "gap outside": space.modality_gap(outside),
        "mAP inside": evaluate(inside, split, [None]).mean(),
    }


def main():
    """Write the result file."""
    rows = []
    for name in DATASETS:
        data = load_dataset(name)
        models = [DRCL(seed=seed, progress=False) for seed in SEEDS]
        fit_many(models, data.train, data.validation)
        for seed, model in zip(SEEDS, models, strict=True):
            for stage, encoders in stages(data, model).items():
                f = space.encode(encoders, data.test.features)
                found = row(f, data.test)
                seen = space.encode(encoders, data.train.features)
                found["NC1 train"] = space.collapse(seen, data.train.labels)[0]
                if stage == "RSC":
                    found |= by_span(f, model.prior_.numpy(), data.test)
                found = {key: round(value, 4) for key, value in found.items()}
                about = {"dataset": name, "stage": stage, "seed": seed}
                rows.append(about | found)
            print(name, seed, [r["mAP"] for r in rows[-4:]], flush=True)
    store("common-space", COMMAND, {"rows": rows})


if __name__ == "__main__":
    main()
