"""One look for the whole book: the figure style, one colour for each modality, each class family, each data set."""

from pathlib import Path

import matplotlib.pyplot as plt

COLOURS = {
    "image": "#0072B2",
    "text": "#D55E00",
    "audio": "#009E73",
    "video": "#CC79A7",
    "3d": "#E69F00",
    "writing": "#0072B2",
    "pen": "#E69F00",
    "sign": "#CC79A7",
    "speech": "#009E73",
    "word": "#D55E00",
    "picture": "#0072B2",
    "drawing": "#CC79A7",
    "shape": "#E69F00",
    "clip": "#009E73",
    "top": "#0072B2",
    "bottom": "#D55E00",
}
FAMILIES = {
    "animal": "#332288",
    "vehicle": "#882255",
    "instrument": "#117733",
    "weather": "#44AA99",
    "appliance": "#AA8800",
}
DATASETS = {
    "minimedia": "#222222",
    "minimedia-small": "#222222",
    "digits-halves": "#888888",
    "spoken-digits": "#56B4E9",
    "wikipedia-classic": "#8C510A",
}
CLASSES = ("#56B4E9", "#8C510A", "#9970AB")
"""Of the small examples with two or three classes."""
RELATIONS = {1: "#222222", 2: "#8C510A", 3: "#999999"}
"""By steps up the class tree: twins, classes of one branch, strangers."""
INK, PAPER = "#222222", "#f4f1ea"


def use_style() -> None:
    """Give every figure from here on the book's look."""
    plt.style.use(Path(__file__).parents[1] / "drcl.mplstyle")
