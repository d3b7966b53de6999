"""INRIA-Websearch, 100 classes: CNN images (4096) and LDA texts (1000).

Wei et al. hand out the features, ``INRIA-Websearch.mat``; github.com/QinYang79/DRCL names a place, too.
"""

from pathlib import Path

from .about import About
from .convert import finish, handed_out
from .tables import read_tables

PARTS = {"train": "tr", "validation": "val", "test": "te"}
"""What the file calls the splits."""
ROWS = {"train": 9_000, "validation": 1_332, "test": 4_366}

ABOUT = About(
    name="inria-websearch",
    features={"image": ("CNN", 4096), "text": ("LDA", 1000)},
    classes=100,
    split="9000 / 1332 / 4366",
    licence="for research",
    origin="Wei et al. 2017, INRIA-Websearch.mat",
    citation="J. Krapac et al., Improving web image search results using query-relative classifiers, CVPR, 2010; "
    "features: Y. Wei et al., Cross-modal retrieval with CNN visual features: a new baseline, IEEE TCYB, 2017",
    file="INRIA-Websearch.mat",
    ask="weiyc.github.io/assets/projects/tcyb.html",
    notes={
        "also_at": "github.com/QinYang79/DRCL",
        "images": "lear.inrialpes.fr/~krapac/webqueries/webqueries.html",
        "paired": "rows of image and text with the same index belong together",
    },
)


def build(source: Path | None = None) -> Path:
    """Check and convert the file that was handed out; returns the .npz."""
    path = handed_out(ABOUT, source)
    parts = {}
    for part, name in PARTS.items():
        labels = f"{name}_img_lab"
        layout = {"image": (f"{name}_img", labels, ROWS[part]), "text": (f"{name}_txt", labels, ROWS[part])}
        parts[part] = read_tables(path, layout)
    return finish(ABOUT, parts, [path])
