"""Does the quality score pick the better prior on real data? ``python book/experiments/prior_scores.py``.

It trains DRCL with the prior of each modality, in the default setting, on several seeds; about ten minutes on two
quiet cores. First fetch the data:  python -m data_scripts wikipedia-classic spoken-digits
"""

from result_file import store

from drcl_mini import DRCL, evaluate, fit_many, load_dataset

COMMAND = "python -m data_scripts wikipedia-classic spoken-digits && python book/experiments/prior_scores.py"
SETS, SEEDS = ("wikipedia-classic", "spoken-digits"), range(8)


def rows(name: str) -> list[dict]:
    """One record for each seed and modality: scores of its prior, and mAP of the model trained towards it."""
    data = load_dataset(name)
    scored = {}
    for selection in ("train", "validation"):
        models = [DRCL(seed=s, epochs=0, selection=selection) for s in SEEDS]
        fit_many(models, data.train, data.validation)
        scored[selection] = models
    records = []
    for modality in data.modalities:
        models = [DRCL(seed=s) for s in SEEDS]
        priors = [model.priors_[modality] for model in scored["train"]]
        fit_many(models, data.train, data.validation, priors)
        for seed, model in zip(SEEDS, models, strict=True):
            scores = {
                f"{selection} score": round(
                    found[seed].quality_scores_[modality], 4
                )
                for selection, found in scored.items()
            }
            record = {"dataset": name, "seed": seed, "prior": modality, **scores}
            for part in ("validation", "test"):
                result = evaluate(model, getattr(data, part), k=[None])
                record[f"{part} mAP"] = round(result.mean(), 4)
            records.append(record)
            print(record, flush=True)
    return records


def main() -> None:
    """Write the result file."""
    found = [row for name in SETS for row in rows(name)]
    store("prior-scores", COMMAND, {"seeds": len(SEEDS), "rows": found})


if __name__ == "__main__":
    main()
