"""Two kinds of handwriting: Semeion's pictures of written digits, and the pen movements of Pen-Based Digits."""

import numpy as np

from .download import fetch
from .numbers_medium import COUNTS, DIGITS, PARTS, Medium, apart, draw
from .readers import ConversionError

BASE = "https://raw.githubusercontent.com/datasets/openml-datasets/33fdb1a80bb44d92180fba7af46ef0622d54e52b/data"
WRITING = f"{BASE}/semeion/semeion.csv", "13a133abf39c6f39dd47bc4da547171e2af621a0"
PEN = f"{BASE}/pendigits/pendigits.csv", "56b4666c5430d9080cbf8a834ae5118eda96c655"
"""Public addresses and git ids."""
CODES = [int(str(code)) - 1 for code in sorted(range(1, DIGITS + 1), key=str)]
"""Digits of Semeion's class codes 1 to 10: classes "1" to "10" were numbered after sorting them as words."""
PARTS_OF_PAIRS = ("test", "train", "train", "train", "train", "validation")
"""Splits of the pairs of runs of Semeion's rows: see :func:`writing`."""
NEAR_BITS, NEAR_POINTS = 13, 32
"""Items of two splits differ by as many of 256 pixels, or in the sum over 16 coordinates from 0 to 100, or more."""
PEN_TRAINING = 7494
"""Rows of the pen's training part, by 30 writers; the other rows are by 14 others."""


def writing(seed: int) -> Medium:
    """Pictures of 16 × 16 black or white pixels, 100 of each digit; no writer is in two splits.

    The rows run through the digits 0 to 9 twelve times. Everybody wrote every digit twice, first with care,
    then fast: runs 0 and 1, 2 and 3 and so on have nearly the same length, and a digit's nearest neighbour is
    more often in the other run of the pair than chance has it, and not so in its own run. So a run holds a
    group of people, and a pair the same people twice; a pair goes to one split.
    """
    table = _table(*WRITING, columns=257)
    codes = table[:, 256].astype(int)
    labels = np.array(CODES)[codes - 1]
    run = np.cumsum((labels == 0) & (np.roll(labels, 1) == DIGITS - 1)) - (labels[-1] == DIGITS - 1)
    pair = run // 2
    part = np.array([PARTS.index(name) for name in PARTS_OF_PAIRS])[pair]
    rows = draw(labels, apart(table[:, :256], part, NEAR_BITS), COUNTS, seed)
    pictures = table[rows, :256].reshape(-1, 16, 16).astype(np.uint8)
    group = [f"writers {1 + pair[row]}" for row in rows]
    return Medium(pictures, labels[rows], part[rows], group, [f"{labels[row]} (row {1 + row})" for row in rows])


def pen(seed: int) -> Medium:
    """8 points (x, y) in the order drawn, 0 to 100, y upwards; 100 of each digit.

    Test items are by writers that nobody else is by. Within the training part the rows are shuffled and
    name no writer, so train and validation may share writers.
    """
    table = _table(*PEN, columns=17)
    labels = table[:, 16].astype(int)
    validates = np.random.default_rng(seed).permutation(PEN_TRAINING) < PEN_TRAINING // 5
    part = np.concatenate([validates.astype(int), np.full(len(table) - PEN_TRAINING, PARTS.index("test"))])
    rows = draw(labels, apart(table[:, :16], part, NEAR_POINTS), COUNTS, seed)
    points = table[rows, :16].reshape(-1, 8, 2).astype(np.uint8)
    group = [f"row {1 + row}" for row in rows]
    return Medium(points, labels[rows], part[rows], group, [f"{labels[row]} (row {1 + row})" for row in rows])


def _table(url: str, expected: str, columns: int) -> np.ndarray:
    """The numbers of a csv file under its head."""
    path = fetch(url, expected)
    table = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    if table.shape[1] != columns:
        raise ConversionError(f"{path.name} has {table.shape[1]} columns, expected {columns}")
    return table
