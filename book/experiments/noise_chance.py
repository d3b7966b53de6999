"""The mAP@all of a ranking at random on the sets of the noise grid: ``python book/experiments/noise_chance.py``.

Needs ``python -m data_scripts wikipedia-classic`` first. The formula is that of the chapter on scoring.
"""

from itertools import permutations

import numpy as np
from result_file import store

from drcl_mini import load_dataset

SETS = ("wikipedia-classic", "numbers")


def chance(n, relevant):
    """Expected AP of a random ranking of n items with some relevant ones."""
    harmonic = (1 / np.arange(1, n + 1)).sum()
    return (harmonic + (relevant - 1) / (n - 1) * (n - harmonic)) / n


def main():
    found = {}
    for name in SETS:
        labels = load_dataset(name).test.labels
        tasks = []
        for query, gallery in permutations(labels, 2):
            sizes = np.bincount(labels[gallery])
            tasks.append(chance(len(labels[gallery]), sizes[labels[query]]).mean())
        found[name] = float(np.mean(tasks))
    command = "python book/experiments/noise_chance.py"
    store("noise-chance", command, {"map at all": found})


if __name__ == "__main__":
    main()
