"""NUS-WIDE, the 71,602 pairs of its ten largest classes: VGG images (4096) and doc2vec texts (300).

The features are passed on as ``nus_wide_deep_doc2vec-corr-ae.h5py``; the authors of DRCL name a place.
"""

from pathlib import Path

from .about import About
from .convert import finish, handed_out
from .tables import read_tables

PARTS = {"train": "train", "validation": "valid", "test": "test"}
"""What the file calls the splits."""
ROWS = {"train": 42_941, "validation": 5_000, "test": 23_661}

ABOUT = About(
    name="nus-wide",
    features={"image": ("VGG", 4096), "text": ("doc2vec", 300)},
    classes=10,
    split="42941 / 5000 / 23661",
    licence="for research",
    origin="National University of Singapore, nus_wide_deep_doc2vec-corr-ae.h5py",
    citation="T.-S. Chua et al., NUS-WIDE: a real-world web image database from National University of Singapore, "
    "ACM CIVR, 2009",
    file="nus_wide_deep_doc2vec-corr-ae.h5py",
    ask="github.com/QinYang79/DRCL",
    notes={
        "images": "lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html",
        "paired": "rows of image and text with the same index belong together",
    },
)


def build(source: Path | None = None) -> Path:
    """Check and convert the file that was handed out; returns the .npz."""
    path = handed_out(ABOUT, source)
    parts = {}
    for part, name in PARTS.items():
        labels = f"{name}_imgs_labels"
        layout = {"image": (f"{name}_imgs_deep", labels, ROWS[part]), "text": (f"{name}_texts", labels, ROWS[part])}
        parts[part] = read_tables(path, layout)
    return finish(ABOUT, parts, [path])
