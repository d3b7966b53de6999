"""What the chapters share: style, pictures that react, the package's source, stored results."""

from .diagrams import arrow, box, draw_method
from .live import hover, panel, png, slider
from .results import RESULTS, command, make_again, result, runs
from .source import show_source
from .style import COLOURS, FAMILIES, INK, PAPER, RELATIONS, use_style

__all__ = [
    "COLOURS",
    "FAMILIES",
    "INK",
    "PAPER",
    "RELATIONS",
    "RESULTS",
    "arrow",
    "box",
    "command",
    "draw_method",
    "hover",
    "make_again",
    "panel",
    "png",
    "result",
    "runs",
    "show_source",
    "slider",
    "use_style",
]
