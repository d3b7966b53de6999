"""Feature models by name: the package's own, those of well-known libraries, any callable."""

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.checks import require, suggest
from ..core.files import check_file
from .reading import Item

Model = Callable[[Sequence[Item]], Any]
"""From n items to features (n, d)."""

DEFAULT = "classic"
"""The features of this package, which need no download."""


class ModelError(ValueError):
    """A model that isn't there, or fails; what it was for is left out."""


def load_model(spec: str, kind: str) -> Model:
    """The model that ``spec`` names, for items of a kind.

    ``classic`` is the package's own; ``torchvision:NAME``, ``timm:NAME`` and
    ``sentence-transformers:NAME`` are pretrained networks with the settings that these libraries
    tell; ``sklearn:FILE`` is a fitted transformer that joblib has saved (it gets texts as they are,
    of pictures and sounds the classic features; open only files that you trust, they can run code);
    ``call:package.module:function`` gets a list of PIL pictures, of texts, or of pairs (samples,
    rate).

    Raises:
        ModelError: no such model, or its library isn't installed.
    """
    library, _, name = spec.partition(":")
    if library not in LIBRARIES or bool(name) == (library == DEFAULT):
        known = suggest(library, LIBRARIES)
        told = "expected classic or LIBRARY:NAME, e.g. torchvision:resnet50"
        raise ModelError(f"model {spec!r}: {told}; {known}")
    if library in ("torchvision", "timm") and kind != "picture":
        raise ModelError(f"model {spec!r} is for pictures, not for {kind}s")
    try:
        return LIBRARIES[library](name, kind)
    except ModelError:
        raise
    except Exception as error:  # libraries and downloads fail in many ways
        raise ModelError(f"model {spec!r}: {_one_line(error)}") from None


def features(model: Model, items: Sequence[Item], spec: str) -> np.ndarray:
    """float32 (n, d) of n items.

    Raises:
        ModelError: the model fails, or returns something else.
    """
    try:
        found = model(items)
        found = found.toarray() if hasattr(found, "toarray") else found
        table = np.asarray(found, dtype=np.float32)
    except Exception as error:
        raise ModelError(f"model {spec!r} fails: {_one_line(error)}") from None
    if table.ndim != 2 or len(table) != len(items) or not table.shape[1]:
        expected = f"expected ({len(items)}, d)"
        raise ModelError(f"model {spec!r} returns an array of shape {table.shape}, {expected}")
    return table


def source_of(spec: str) -> Path | None:
    """The file in which a model is, or its code; ``None`` for a model of a library."""
    library, _, name = spec.partition(":")
    if library == "sklearn":
        return Path(name)
    if library == "call":
        _look_here()
        try:
            found = importlib.util.find_spec(name.partition(":")[0])
        except (ImportError, ValueError):  # it is told when the model is loaded
            found = None
        return Path(found.origin) if found and found.origin else None
    return None


def _look_here() -> None:
    """Find modules beside the data, as for ``python -m``."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _classic(_: str, kind: str) -> Model:
    own = importlib.import_module("..data.features", __package__)
    function = getattr(own, f"{kind}_features")
    return lambda items: function([item.given if kind == "text" else item.kept for item in items])


def _torchvision(name: str, _: str) -> Model:
    torch, models = require("torch"), require("torchvision").models
    weights = models.get_model_weights(name).DEFAULT
    network = models.get_model(name, weights=weights)
    last = [key for key, part in network.named_modules() if isinstance(part, torch.nn.Linear)][-1:]
    for key in last:  # the classes it was trained on are of no use here
        parent, _, own = key.rpartition(".")
        setattr(network.get_submodule(parent), own, torch.nn.Identity())
    return _network(network, weights.transforms())


def _timm(name: str, _: str) -> Model:
    timm = require("timm")
    network = timm.create_model(name, pretrained=True, num_classes=0)
    config = timm.data.resolve_data_config({}, model=network)
    return _network(network, timm.data.create_transform(**config))


def _network(network: Any, transform: Callable) -> Model:
    torch = require("torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = network.eval().to(device)

    def run(items: Sequence[Item]) -> np.ndarray:
        batch = torch.stack([transform(item.given) for item in items]).to(device)
        with torch.inference_mode():
            return network(batch).flatten(1).float().cpu().numpy()

    return run


def _sentences(name: str, kind: str) -> Model:
    if kind == "sound":
        raise ModelError(f"model 'sentence-transformers:{name}' is for texts or pictures")
    network = require("sentence_transformers", "sentence-transformers").SentenceTransformer(name)
    return lambda items: network.encode(
        [item.given for item in items], convert_to_numpy=True, show_progress_bar=False
    )


def _sklearn(path: str, kind: str) -> Model:
    check_file(path, "fitted transformer")
    fitted = require("joblib").load(path)
    first = _classic("", kind)
    if kind == "text":
        return lambda items: fitted.transform([item.given for item in items])
    return lambda items: fitted.transform(first(items))


def _call(name: str, _: str) -> Model:
    module, _, function = name.partition(":")
    if not function:
        raise ModelError(f"model 'call:{name}': expected call:package.module:function")
    _look_here()
    called = getattr(importlib.import_module(module), function)
    return lambda items: called([item.given for item in items])


LIBRARIES: dict[str, Callable[[str, str], Model]] = {
    DEFAULT: _classic,
    "torchvision": _torchvision,
    "timm": _timm,
    "sentence-transformers": _sentences,
    "sklearn": _sklearn,
    "call": _call,
}
