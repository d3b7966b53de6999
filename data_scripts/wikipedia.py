"""Wikipedia, deep features: 2866 articles, VGG-19 images (4096) and doc2vec texts (300), 10 classes.

The authors of DRCL publish ``wiki.mat``; the same features are ``wiki_deep_doc2vec_data_corr_ae.h5py``
in github.com/penghu-cs/MRL and SDML, which ``--source`` takes as well.
"""

from pathlib import Path

import numpy as np

from .about import About
from .convert import finish
from .download import LIMIT, difference, fetch
from .readers import ConversionError, is_hdf5
from .tables import cut, read_tables

URL = "https://raw.githubusercontent.com/QinYang79/DRCL/91910a045cd77390f34541b921344febb19a2b71/datasets/Wiki/wiki.mat"
MAT = "8729732fcfda7e252838384c8be37bf71cec717f"
HDF5 = "e3ffcb7a6e42a853e24154a7834cbbeb21a913a7"
TEXTS = {MAT: "texts_doc", HDF5: "text"}
"""What each of the two files calls the texts."""
TRAIN, VALIDATION, TEST = 2173, 231, 462
COUNTS = {
    "art": 138, "biology": 272, "geography": 244, "history": 248, "literature": 202,
    "media": 178, "music": 186, "royalty": 144, "sport": 214, "warfare": 347,
}  # fmt: skip
"""Training articles of each class, all different: they tell which class a label stands for."""

ARTICLES = "Wikipedia's texts and pictures are under CC BY-SA; no licence is named for the features"
PAIRED = "rows of image and text with the same index come from one article"

ABOUT = About(
    name="wikipedia",
    features={"image": ("VGG-19", 4096), "text": ("doc2vec", 300)},
    classes=10,
    split="2173 / 231 / 462",
    licence="none named",
    origin="github.com/QinYang79/DRCL at 91910a0",
    citation="N. Rasiwasia et al., A new approach to cross-modal multimedia retrieval, ACM Multimedia, 2010; "
    "features: R. Pu et al., Deep Reversible Consistency Learning for Cross-modal Retrieval, IEEE TMM, 2025",
    file="wiki.mat",
    notes={"urls": [URL], "articles": ARTICLES, "paired": PAIRED},
)


def build(source: Path | None = None) -> Path:
    """Fetch, check, convert; returns the .npz. The first 231 test rows are validation, as is customary."""
    path = source or fetch(URL, MAT, LIMIT)
    texts = TEXTS[HDF5 if is_hdf5(path) else MAT]
    problems = [difference(path, known) for known in TEXTS] if source else [""]
    if all(problems):
        raise ConversionError(f"{path.name} is not one of the two published files: {problems[0]} or {HDF5}")

    def layout(part: str, rows: int) -> dict[str, tuple[str, str, int]]:
        labels = f"{part}_imgs_labels"
        return {"image": (f"{part}_imgs_deep", labels, rows), "text": (f"{part}_{texts}", labels, rows)}

    train, rest = (read_tables(path, layout(*part)) for part in (("train", TRAIN), ("test", VALIDATION + TEST)))
    parts = {
        "train": train,
        "validation": {name: cut(table, slice(VALIDATION)) for name, table in rest.items()},
        "test": {name: cut(table, slice(VALIDATION, None)) for name, table in rest.items()},
    }
    labels = train["image"][1]
    named = np.bincount(labels - labels.min()).tolist() == list(COUNTS.values())
    return finish(ABOUT, parts, [path], COUNTS if named else None)
