"""XMedia: five media, 20 classes. Peking University hands out ``XMediaFeatures.mat``.

The published test sets are halved: the first rows are the test split here, the others validation, as in
the released code of DRCL. The number of training rows of the video (969 are reported) isn't insisted on.
"""

from pathlib import Path

from .about import About
from .convert import finish, handed_out
from .tables import cut, read_tables

VARIABLES = {
    "image": ("I_{}_CNN", "{}ImgCat"),
    "text": ("T_{}_BOW", "{}TxtCat"),
    "audio": ("A_{}", "{}AudCat"),
    "3d": ("d3_{}", "{}3dCat"),
    "video": ("V_{}_CNN", "{}VidCat"),
}
"""Names of features and labels; ``{}`` is ``tr`` or ``te``."""
TRAIN: dict[str, int | None] = {"image": 4000, "text": 4000, "audio": 800, "3d": 400, "video": None}
TEST = {"image": 500, "text": 500, "audio": 100, "3d": 50, "video": 87}
"""Rows of the test split, and of validation."""

ABOUT = About(
    name="xmedia",
    features={
        "image": ("CNN", 4096),
        "text": ("bag of words", 3000),
        "audio": ("MFCC", 29),
        "3d": ("LightField", 4700),
        "video": ("CNN", 4096),
    },
    classes=20,
    split="4000 / 500 / 500 images",
    licence="for research",
    origin="Peking University, XMediaFeatures.mat",
    citation="Y. Peng, X. Huang, Y. Zhao, An overview of cross-media retrieval, IEEE TCSVT, 2018; "
    "X. Zhai, Y. Peng, J. Xiao, Learning cross-media joint representation, IEEE TCSVT, 2014",
    file="XMediaFeatures.mat",
    ask="www.icst.pku.edu.cn/mipl/XMedia",
)


def build(source: Path | None = None) -> Path:
    """Check and convert the file that was handed out; returns the .npz."""
    path = handed_out(ABOUT, source)

    def layout(part: str, rows: dict[str, int | None]) -> dict[str, tuple[str, str, int | None]]:
        return {m: (x.format(part), y.format(part), rows[m]) for m, (x, y) in VARIABLES.items()}

    train = read_tables(path, layout("tr", TRAIN))
    both = read_tables(path, layout("te", {modality: 2 * rows for modality, rows in TEST.items()}))
    parts = {
        "train": train,
        "validation": {m: cut(table, slice(TEST[m], None)) for m, table in both.items()},
        "test": {m: cut(table, slice(TEST[m])) for m, table in both.items()},
    }
    return finish(ABOUT, parts, [path])
