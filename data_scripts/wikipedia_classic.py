"""Wikipedia, classic features: 2866 articles, SIFT bags of words (128) and LDA topics (10), 10 classes.

Rasiwasia et al., "A new approach to cross-modal multimedia retrieval", ACM Multimedia 2010. The copy in
BMC-SDNU/Cross-Modal-Retrieval holds the original ``raw_features.mat`` and the two lists with the classes.
"""

from pathlib import Path

import numpy as np

from drcl_mini import MultimodalDataset, Split

from .convert import ConversionError, read_mat, write_dataset
from .download import fetch

ABOUT = "Wikipedia articles, classic features: image SIFT 128, text LDA 10; 10 classes; 1.3 MB, public"
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
TRAIN, VALIDATION, TEST = 2173, 231, 462


def build() -> Path:
    """Fetch, check, convert; returns the .npz. The first 231 test rows are validation, as is customary."""
    files = {name: fetch(BASE + name, blob) for name, blob in BLOBS.items()}
    rest = VALIDATION + TEST
    shapes = {"I_tr": (TRAIN, 128), "T_tr": (TRAIN, 10), "I_te": (rest, 128), "T_te": (rest, 10)}
    arrays = read_mat(files["raw_features.mat"], shapes)
    labels = {
        "tr": _labels(files["trainset_txt_img_cat.list"], TRAIN),
        "te": _labels(files["testset_txt_img_cat.list"], rest),
    }

    def split(part: str, rows: slice) -> Split:
        features = {"image": arrays[f"I_{part}"][rows], "text": arrays[f"T_{part}"][rows]}
        return Split(features, {name: labels[part][rows] for name in features})

    dataset = MultimodalDataset(
        train=split("tr", slice(None)),
        validation=split("te", slice(VALIDATION)),
        test=split("te", slice(VALIDATION, None)),
        name="wikipedia-classic",
        classes=tuple(files["categories.list"].read_text().split()),
        source="Rasiwasia et al. 2010, by way of github.com/BMC-SDNU/Cross-Modal-Retrieval at 710256f",
    )
    return write_dataset(
        dataset,
        urls=[BASE + name for name in BLOBS],
        checksums=BLOBS,
        licence="Wikipedia articles under CC BY-SA; features published for research, no licence named",
        citation="N. Rasiwasia et al., A new approach to cross-modal multimedia retrieval, ACM Multimedia, 2010",
        paired="rows of image and text with the same index come from one article",
    )


def _labels(path: Path, rows: int) -> np.ndarray:
    """Classes 0–9 from the third column of a list, which counts from 1."""
    labels = np.loadtxt(path, dtype=str, delimiter="\t")[:, 2].astype(np.int64) - 1
    if labels.shape != (rows,) or set(labels.tolist()) != set(range(10)):
        raise ConversionError(f"{path.name}: {len(labels)} labels, expected {rows} of classes 1 to 10")
    return labels
