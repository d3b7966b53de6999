"""Pascal Sentence, 20 classes: VGG-19 images (4096) and sentence features (300), by the authors of DSCMR.

800 pairs are for training and 100 for test; the 100 of validation were not published.
"""

from pathlib import Path

from .about import About
from .convert import finish
from .download import LIMIT, fetch
from .readers import read_variables
from .tables import checked_table

BASE = "https://raw.githubusercontent.com/penghu-cs/DSCMR/0e110b92c7a8157999927ad64de21a72d1523563/data/pascal/"
BLOBS = {
    "train_img.mat": "8ea29841ec946a838c71ea7823355338533af1b9",
    "train_txt.mat": "a6fd5a8e981c27165ef1508272e9f3381c4941ce",
    "train_img_lab.mat": "fdb2b0539266db8e214baccf778a311d3c010326",
    "test_img.mat": "3deb7e7dd89835a0e926d059286e98f5bf9b81cc",
    "test_txt.mat": "4db866463bb9a5b4da307226e38a3f176e49b045",
    "test_img_lab.mat": "3537e35cb3ee729cdf05d8fd7281d98ef99e94c1",
}
ROWS = {"train": 800, "test": 100}

ABOUT = About(
    name="pascal-sentence",
    features={"image": ("VGG-19", 4096), "text": ("sentence features", 300)},
    classes=20,
    split="800 / – / 100",
    licence="none named",
    origin="github.com/penghu-cs/DSCMR at 0e110b9",
    citation="C. Rashtchian et al., Collecting image annotations using Amazon's Mechanical Turk, NAACL workshop, 2010; "
    "features: L. Zhen, P. Hu, X. Wang, D. Peng, Deep supervised cross-modal retrieval, CVPR, 2019",
    notes={
        "urls": [BASE + name for name in BLOBS],
        "paired": "rows of image and text with the same index belong together",
    },
)


def build() -> Path:
    """Fetch, check, convert; returns the .npz."""
    files = {name: fetch(BASE + name, blob, LIMIT) for name, blob in BLOBS.items()}
    found = {}
    for name, path in files.items():
        found |= read_variables(path, [name.removesuffix(".mat")])  # each variable is called like its file
    parts = {
        part: {
            modality: checked_table(found[f"{part}_{key}"], found[f"{part}_img_lab"], rows, f"{part}_{key}.mat")
            for modality, key in (("image", "img"), ("text", "txt"))
        }
        for part, rows in ROWS.items()
    }
    return finish(ABOUT, parts, list(files.values()))
