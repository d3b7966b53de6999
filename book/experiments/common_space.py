"""Measure the common space after each stage: ``python book/experiments/common_space.py`` writes the chapter's result file.

Ten seeds and the default settings on four data sets, and the authors' released embeddings; a quarter of an hour.
``python -m data_scripts wikipedia-classic spoken-digits released-outputs`` fetches what isn't embedded.
"""

import sys
from pathlib import Path

import torch

from drcl_mini import DRCL, evaluate, load_dataset
from drcl_mini.data.labels import one_hot
from drcl_mini.data.load import load_released_outputs
from drcl_mini.method.recasting import recast

BOOK = Path(__file__).parents[1]
sys.path.insert(0, str(BOOK))

from result_file import store  # noqa: E402

from kit import space  # noqa: E402

DATASETS = "minimedia-small", "digits-halves", "spoken-digits", "wikipedia-classic"
SEEDS = range(10)


def spaces(data, seed):
    """{stage: {medium: embed features}} of one run."""
    model = DRCL(seed=seed).fit(data.train, data.validation)
    s = model.settings
    return model, {
        "untrained": space.untrained(data, s),
        "SPL, own starts": space.after_spl(data, s, shared_start=False)[0],
        "SPL": space.after_spl(data, s)[0],
        "RSC": model.encoders_,
    }


def row(embeddings, split):
    """The measures and the mAP."""
    found = space.measures(embeddings, split.labels)
    found["mAP"] = evaluate(embeddings, split, [None]).mean()
    found["mAP centred"] = evaluate(space.centred(embeddings), split, [None]).mean()
    return found


def by_span(embeddings, prior, split):
    """The gap within the span of W and outside of it, and the mAP without what is outside."""
    inside, outside = space.parts(embeddings, prior)
    return {
        "gap inside": space.modality_gap(inside),
        "gap outside": space.modality_gap(outside),
        "mAP inside": evaluate(inside, split, [None]).mean(),
    }


def on_targets(labels, prior):
    """Each item where its label's target R = Y W⁺ is, with unit length."""
    rows = {m: recast(one_hot(y, prior.shape[1]), prior) for m, y in labels.items()}
    return {
        m: torch.nn.functional.normalize(r, dim=1).numpy() for m, r in rows.items()
    }


def main():
    rows = []
    for name in DATASETS:
        data = load_dataset(name)
        for seed in SEEDS:
            model, stages = spaces(data, seed)
            for stage, encoders in stages.items():
                f = space.encode(encoders, data.test.features)
                seen = space.encode(encoders, data.train.features)
                found = row(f, data.test)
                found["NC1 train"], found["NC2 train"] = space.collapse(
                    seen, data.train.labels
                )
                if stage == "RSC":
                    found |= by_span(f, model.prior_.numpy(), data.test)
                rows.append(
                    {"dataset": name, "stage": stage, "seed": seed, **found}
                )
            found = row(on_targets(data.test.labels, model.prior_), data.test)
            del found["hubness"]  # all items of a class are equal: ties
            rows.append(
                {"dataset": name, "stage": "targets", "seed": seed, **found}
            )
            print(name, seed, [round(r["mAP"], 3) for r in rows[-5:]], flush=True)
    released = load_released_outputs()
    f, test = released.test.features, released.test
    found = row(f, test) | by_span(f, released.prior, test)
    rows.append({"dataset": "Wikipedia (released)", "stage": "RSC", **found})
    short = [
        {k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()}
        for r in rows
    ]
    store(
        "common-space", "python book/experiments/common_space.py", {"rows": short}
    )


if __name__ == "__main__":
    main()
