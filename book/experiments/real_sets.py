"""What the real sets hold, and how hard each medium is: ``python book/experiments/real_sets.py``.

Items per class, medium and split; linear probes of the features that the sets have and of those that need no network;
speech with each speaker in turn as the stranger; and where relatives of `minimedia` don't look alike.
"""

import numpy as np
from result_file import store

from drcl_mini import MultimodalDataset, load_dataset
from drcl_mini.app.probe import linear_probe
from drcl_mini.data.minimedia import KINDS, tree_distance
from drcl_mini.data.shipped import Collection, load_collection

COMMAND = "python book/experiments/real_sets.py"


def counts(collection: Collection, level: str) -> dict[str, dict[str, list[int]]]:
    """By medium and class, items in train, validation and test."""
    names = collection.names[level]
    found = {}
    for medium, own in collection.media.items():
        labels = collection.labels(medium, level)
        table = np.zeros((len(names), 3), int)
        np.add.at(table, (labels, own.part), 1)
        found[medium] = dict(zip(names, table.tolist(), strict=True))
    return found


def probes(data: MultimodalDataset, **about: str) -> list[dict]:
    """The linear probe's rows, rounded to what more items would not change."""
    rows = linear_probe(data)
    return [
        about
        | {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        for row in rows
    ]


def speakers(numbers: Collection) -> list[dict]:
    """The probe of speech with each speaker as the test voice."""
    rows = []
    for features, classic in (("embedding", False), ("MFCC", True)):
        for speaker, data in numbers.leave_out("speech", classic=classic):
            speech = MultimodalDataset(
                data.train.only("speech"),
                data.validation.only("speech"),
                data.test.only("speech"),
                "numbers",
                data.classes,
            )
            rows += probes(speech, features=features, stranger=speaker)
    return rows


def strangers() -> dict[str, int]:
    """By medium of `minimedia`: classes whose nearest class mean is that of a class of another branch."""
    data, found = load_dataset("minimedia"), {}
    for medium, x in data.train.features.items():
        labels = data.train.labels[medium]
        x = (x - x.mean(axis=0)) / x.std(axis=0).clip(1e-6)
        means = np.array([x[labels == c].mean(axis=0) for c in range(len(KINDS))])
        apart = np.linalg.norm(means[:, None] - means, axis=2)
        np.fill_diagonal(apart, np.inf)
        nearest = apart.argmin(axis=1).tolist()
        found[medium] = sum(tree_distance(c, k) > 2 for c, k in enumerate(nearest))
    return found


def main() -> None:
    numbers, things = load_collection("numbers"), load_collection("things")
    rows, held = [], {}
    for collection in (numbers, things):
        for level in collection.names:
            name = (
                collection.name
                if level == "classes"
                else f"{collection.name}-{level}"
            )
            held[name] = counts(collection, level)
            for features, classic in (("default", False), ("classic", True)):
                rows += probes(
                    collection.dataset(level, name, classic), features=features
                )
    above = {
        f"{level} of things": parents.tolist()
        for level, parents in things.above.items()
    }
    found = {"items": held, "parents": above, "probes": rows}
    found["speakers"] = speakers(numbers)
    found["strangers in minimedia"] = strangers()
    store("real-sets", COMMAND, found)


if __name__ == "__main__":
    main()
