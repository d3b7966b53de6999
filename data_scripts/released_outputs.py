"""What the authors of DRCL released of their Wikipedia run: test features, predictions, priors and log.

github.com/QinYang79/DRCL at 91910a0. ``drcl_mini.data.load.load_released_outputs`` reads the result.
"""

from pathlib import Path

import numpy as np

from drcl_mini.core.files import data_folder, replacing

from .about import About
from .convert import write_card
from .download import fetch
from .tables import read_mat

BASE = "https://raw.githubusercontent.com/QinYang79/DRCL/91910a045cd77390f34541b921344febb19a2b71/"
BLOBS = {
    "features/wiki_0.mat": "408638cdd3c2154a61ad31f177a04823b1ed0cd8",
    "features/wiki_1.mat": "0d7b0abc259e1999315ce16f7af13a11946409f0",
    "PriorW/W_2048X10wiki.mat": "fe2666bf62314bd2e8bb65b4f16747d513af3cc4",
    "PriorW/W_2048X10wiki0.mat": "685128f018ce08a5552f9366b82033cc444bd5c5",
    "PriorW/W_2048X10wiki1.mat": "1619e04d4502279aec208dc730df247644c2feec",
    "logging/wiki.log": "d628d61776bb4d43e9e160a3c0c9e3750d95168c",
}
SIZES = {"features": 3_807_208, "PriorW": 82_104, "logging": 498}
"""Bytes of each file, by folder."""
VIEWS = {"image": "0", "text": "1"}

ABOUT = About(
    name="released-outputs",
    features={"image": ("embedding", 2048), "text": ("embedding", 2048)},
    classes=10,
    split="– / – / 462",
    licence="none named",
    origin="github.com/QinYang79/DRCL at 91910a0",
    citation="R. Pu, Y. Qin, D. Peng, X. Song, H. Zheng, Deep Reversible Consistency Learning for Cross-modal "
    "Retrieval, IEEE TMM, 2025",
    size=sum(SIZES[name.split("/")[0]] for name in BLOBS),
    notes={"urls": [BASE + name for name in BLOBS]},
)


def build() -> Path:
    """Fetch, check, convert; returns ``released-outputs.npz``."""
    files = {name: fetch(BASE + name, blob, SIZES[name.split("/")[0]]) for name, blob in BLOBS.items()}
    prior_shape = {"W": (2048, 10)}
    arrays = {"prior": read_mat(files["PriorW/W_2048X10wiki.mat"], prior_shape)["W"]}
    for modality, view in VIEWS.items():
        shapes = {"test_fea": (462, 2048), "test_lab": (1, 462), "test_pred": (462, 10)}
        mat = read_mat(files[f"features/wiki_{view}.mat"], shapes)
        arrays[f"{modality}/features"] = mat["test_fea"]
        arrays[f"{modality}/labels"] = mat["test_lab"].ravel()
        arrays[f"{modality}/predictions"] = mat["test_pred"]
        arrays[f"{modality}/prior"] = read_mat(files[f"PriorW/W_2048X10wiki{view}.mat"], prior_shape)["W"]
    arrays["log"] = np.array(files["logging/wiki.log"].read_text(encoding="utf-8"))
    path = data_folder() / "released-outputs.npz"
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    write_card(path, ABOUT, checksums=BLOBS)
    return path
