"""XMediaNet: five media, 200 classes. Peking University hands out the data; features in ``XMediaNet5View_Doc2Vec.mat``.

The file holds cell arrays of five views. The first two are image and text. The order of the others isn't
documented, so their shapes tell: 3d models are the fewest, and of audio (MFCC) and video (CNN) video is wider.
"""

from collections.abc import Sequence
from pathlib import Path

from .about import About
from .convert import finish, handed_out
from .readers import ConversionError, Variable, read_variables
from .tables import Table, checked_table

PARTS = {"train": "train", "validation": "valid", "test": "test"}
"""What the file calls the splits; labels are ``<split>_labels``."""
ROWS = {"train": 32_000, "validation": 4_000, "test": 4_000}
"""Rows of image and of text; those of the other media are reported, not insisted on."""
VIEWS = 5

ABOUT = About(
    name="xmedianet",
    features={
        "image": ("VGG", 4096),
        "text": ("doc2vec", 300),
        "audio": ("MFCC", 29),
        "3d": ("LightField", 4700),
        "video": ("CNN", 4096),
    },
    classes=200,
    split="32000 / 4000 / 4000 images",
    licence="for research",
    origin="Peking University, XMediaNet5View_Doc2Vec.mat",
    citation="Y. Peng, X. Huang, Y. Zhao, An overview of cross-media retrieval: concepts, methodologies, "
    "benchmarks and challenges, IEEE TCSVT, 2018",
    file="XMediaNet5View_Doc2Vec.mat",
    ask="www.icst.pku.edu.cn/mipl/XMedia",
)


def build(source: Path | None = None) -> Path:
    """Check and convert the file that was handed out; returns the .npz."""
    path = handed_out(ABOUT, source)
    names = [name for part in PARTS.values() for name in (part, f"{part}_labels")]
    found = read_variables(path, names)
    for name in names:
        if not isinstance(found[name], list) or len(found[name]) != VIEWS:
            got = f"{len(found[name])} cells" if isinstance(found[name], list) else "no cell array"
            raise ConversionError(f"{path.name}: {name!r} is {got}, expected a cell array of {VIEWS} views")
    order = modalities(found["train"], path.name)
    parts: dict[str, dict[str, Table]] = {}
    for part, name in PARTS.items():
        views = zip(order, found[name], found[f"{name}_labels"], strict=True)
        parts[part] = {
            modality: checked_table(x, y, ROWS[part] if modality in ("image", "text") else None, f"{path.name}: {name}")
            for modality, x, y in views
        }
    return finish(ABOUT, parts, [path])


def modalities(views: Variable, what: str) -> Sequence[str]:
    """Which medium each of the five views is, by their shapes.

    Raises:
        ConversionError: the shapes don't tell.

    Example:
        >>> import numpy as np
        >>> modalities([np.ones(shape) for shape in ((9, 5), (9, 3), (4, 6), (7, 5), (7, 2))], "file")
        ['image', 'text', '3d', 'video', 'audio']
    """
    rest = [(view.shape if view.ndim == 2 else (0, 0)) for view in views[2:]]
    models, second = sorted(rest)[:2]
    others = sorted((shape for shape in rest if shape != models), key=lambda shape: shape[1])
    if models[0] == second[0] or len(others) != 2 or others[0][1] == others[1][1]:
        raise ConversionError(f"{what}: views 3 to 5 have shapes {rest}: can't tell audio, 3d and video")
    names = {models: "3d", others[0]: "audio", others[1]: "video"}
    return ["image", "text", *(names[shape] for shape in rest)]
