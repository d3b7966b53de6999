"""What the chapters share: style, pictures that react, the package's source, stored results."""

from .diagrams import arrow, box, draw_method
from .live import hover, panel, png, slider
from .results import RESULTS, made_by, result, runs
from .source import show_source
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
    "draw_method",
    "hover",
    "made_by",
    "panel",
    "png",
    "result",
    "runs",
    "show_source",
    "slider",
    "use_style",
]
