"""Wikipedia, classic features: 2866 articles, SIFT bags of words (128) and LDA topics (10), 10 classes.

Rasiwasia et al., "A new approach to cross-modal multimedia retrieval", ACM Multimedia 2010. The copy in
BMC-SDNU/Cross-Modal-Retrieval holds the original ``raw_features.mat`` and the two lists with the classes.
"""

from pathlib import Path

import numpy as np

from .about import About
from .convert import finish
from .download import fetch
from .readers import ConversionError
from .tables import Table, read_mat
from .wikipedia import ARTICLES, PAIRED

BASE = (
    "https://raw.githubusercontent.com/BMC-SDNU/Cross-Modal-Retrieval/710256f3e0808835d30305bc878c8d74d796bfa2/"
    "Supervised-cross-modal-real-valued/JFSSL/wikipedia_info/"
)
BLOBS = {
    "raw_features.mat": "4bd245cb9c2ff0611f2985404d6a8780a002b6b1",
    "trainset_txt_img_cat.list": "525903f3d6ce6225f1998aeff101012aa0ec958e",
    "testset_txt_img_cat.list": "5b8a229c433a27b1707442b4664d2ae16400fe20",
    "categories.list": "ae8a86008067856cc18c6f9cd842f7da3a49d5dc",
}
SIZES = {
    "raw_features.mat": 1_075_232,
    "trainset_txt_img_cat.list": 155_153,
    "testset_txt_img_cat.list": 49_494,
    "categories.list": 75,
}
TRAIN, VALIDATION, TEST = 2173, 231, 462
MODALITIES = {"image": "I", "text": "T"}
"""First letter of the variables."""

ABOUT = About(
    name="wikipedia-classic",
    features={"image": ("SIFT", 128), "text": ("LDA", 10)},
    classes=10,
    split="2173 / 231 / 462",
    licence="none named",
    origin="github.com/BMC-SDNU/Cross-Modal-Retrieval at 710256f",
    citation="N. Rasiwasia et al., A new approach to cross-modal multimedia retrieval, ACM Multimedia, 2010",
    size=sum(SIZES.values()),
    notes={
        "urls": [BASE + name for name in BLOBS],
        "articles": ARTICLES,
        "paired": PAIRED,
    },
)


def build() -> Path:
    """Fetch, check, convert; returns the .npz. The first 231 test rows are validation, as is customary."""
    files = {name: fetch(BASE + name, blob, SIZES[name]) for name, blob in BLOBS.items()}
    rest = VALIDATION + TEST
    shapes = {"I_tr": (TRAIN, 128), "T_tr": (TRAIN, 10), "I_te": (rest, 128), "T_te": (rest, 10)}
    arrays = read_mat(files["raw_features.mat"], shapes)
    labels = {
        "tr": _labels(files["trainset_txt_img_cat.list"], TRAIN),
        "te": _labels(files["testset_txt_img_cat.list"], rest),
    }

    def tables(part: str, rows: slice) -> dict[str, Table]:
        return {m: (arrays[f"{letter}_{part}"][rows], labels[part][rows]) for m, letter in MODALITIES.items()}

    parts = {
        "train": tables("tr", slice(None)),
        "validation": tables("te", slice(VALIDATION)),
        "test": tables("te", slice(VALIDATION, None)),
    }
    return finish(ABOUT, parts, list(files.values()), files["categories.list"].read_text().split())


def _labels(path: Path, rows: int) -> np.ndarray:
    """Classes 1–10 from the third column of a list."""
    try:
        labels = np.array([int(line.split("\t")[2]) for line in path.read_text().splitlines()])
    except (ValueError, IndexError) as error:
        raise ConversionError(f"{path.name} is not a list of three columns: {error}") from None
    if labels.shape != (rows,) or set(labels.tolist()) != set(range(1, 11)):
        raise ConversionError(f"{path.name}: {len(labels)} labels, expected {rows} of classes 1 to 10")
    return labels
