"""Things of the world in five media, under a tree of classes: pictures, drawings, texts, shapes, clips.

``tree.txt`` is the tree, and says which emoji, OpenClipart drawings and Quaternius models show each concept.
The file, which the package carries, keeps for each medium ``<medium>/labels`` (the finest class), ``part`` (0
train, 1 validation, 2 test), ``group`` (the concept), ``title``, ``features``, ``classic`` where the features
are a network's, and the items as :func:`drcl_mini.data.items.pack` gives them; and ``levels``, names and
parents of the classes at each level, and ``source``.
"""

from pathlib import Path

from ..about import About
from ..shipping import write
from .card import card
from .collection import arrays
from .media import gather

ABOUT = About(
    name="things",
    features={
        "picture": ("EfficientNet-Lite0", 1280),
        "drawing": ("EfficientNet-Lite0", 1280),
        "text": ("sentence model", 384),
        "shape": ("views and distances", 537),
        "clip": ("mean frame and motion", 444),
    },
    classes=12,
    split="691 / 172 / 291 pictures, by concept; 60 / 15 / 25 % of each class and medium",
    licence="MIT, CC BY-SA, CC0, public domain, Unicode",
    origin="openclipart-svg, fluent-emoji, openmoji, emojibase-data, quaternius-showcase",
    citation="see the card",
    size=906_320_874,
    notes={"tree": "groups, classes, fine"},
)


def build(source: Path | None = None, shipped: bool = False) -> Path:
    """Fetch, choose, bring into form, split, compute features; returns the .npz, beside which its card lies.

    Args:
        source: takes no file; only for the command line's sake.
        shipped: write to the package's own folder instead of the data folder.

    Raises:
        ImportError: resvg_py, DracoPy or tokenizers isn't installed.
    """
    media = gather()
    found = arrays(media, f"{ABOUT.origin}: see the card")
    return write("things", found, card(media, found), shipped)
