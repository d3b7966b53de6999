"""What the chapters share: style, pictures that react, the package's source, stored results."""

from .claims import claim
from .diagrams import arrow, box, draw_method
from .figures import live
from .pictures import hover, panel, png, slider
from .results import RESULTS, made_by, result, runs
from .scoreboard import scoreboard
from .source import show_source
from .stored import load_or_train, provenance
from .style import (
    CLASSES,
    COLOURS,
    DATASETS,
    FAMILIES,
    INK,
    PAPER,
    RELATIONS,
    use_style,
)

__all__ = [
    "CLASSES",
    "COLOURS",
    "DATASETS",
    "FAMILIES",
    "INK",
    "PAPER",
    "RELATIONS",
    "RESULTS",
    "arrow",
    "box",
    "claim",
    "draw_method",
    "hover",
    "live",
    "load_or_train",
    "made_by",
    "panel",
    "png",
    "provenance",
    "result",
    "runs",
    "scoreboard",
    "show_source",
    "slider",
    "use_style",
]
