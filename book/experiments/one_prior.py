"""One W for all modalities, or one for each: ``python book/experiments/one_prior.py`` writes ``one-prior.json``.

On ``numbers``, five seeds, by the label loss alone and without augmentation. Every W is a random orthogonal one, so
nothing about the classes is learned before. In the first row all encoders are read by the same W, in the second each
modality has a W of its own. The scores are those of ``losses_alone.py``; two minutes on one core.
"""

from losses_alone import SEEDS, chance, scores
from result_file import store

from drcl_mini import DRCL, fit_many, load_dataset
from drcl_mini.method.prior import orthogonal_prior
from drcl_mini.training.batches import generator

COMMAND = "python book/experiments/one_prior.py"


def embedded(data, shared: bool) -> list[dict[str, float]]:
    """The scores of each seed; each modality is trained on its own."""
    found = [({}, {}) for _ in SEEDS]
    for m in data.train.modalities:
        own = () if shared else (m,)
        models = [
            DRCL(
                seed=s,
                device="cpu",
                terms=("label",),
                gamma=1.0,
                monitor=None,
                progress=False,
            )
            for s in SEEDS
        ]
        priors = [
            orthogonal_prior(
                256, len(data.classes), generator(s, "one prior", *own)
            )
            for s in SEEDS
        ]
        fit_many(models, data.train.only(m), None, priors)
        for model, (seen, asked) in zip(models, found, strict=True):
            seen |= model.transform(data.train.only(m))
            asked |= model.transform(data.test.only(m))
        print(m, flush=True)
    return [scores(data, seen, asked) for seen, asked in found]


def main() -> None:
    """Write the result file."""
    data = load_dataset("numbers")
    rows = {
        "one W for all": embedded(data, shared=True),
        "a W for each": embedded(data, shared=False),
    }
    print(rows)
    about = {"data": data.name, "seeds": len(SEEDS), "chance": chance(data)}
    store("one-prior", COMMAND, about | {"test mAP": rows})


if __name__ == "__main__":
    main()
