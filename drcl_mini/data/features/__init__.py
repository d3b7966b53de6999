"""Features of raw items by short, shown code: no network, no training, no state.

Each function takes items as a data set keeps them and gives float32 (n, d), the same for an item
whatever stands beside it.
"""

from importlib import import_module
from typing import Any

PLACES = {
    "bit_features": "bits",
    "clip_features": "clip",
    "pen_features": "pen",
    "picture_features": "picture",
    "shape_features": "shape",
    "sound_features": "sound",
    "text_features": "text",
}
"""The functions, and the modules that they stand in."""

__all__ = sorted(PLACES)


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{PLACES[name]}", __name__), name)
