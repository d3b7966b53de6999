"""Load or train: what a chapter shows of trained models was stored once, so it is the same on every processor.

Training amplifies rounding: two processors that begin with the same seed end with models that differ in the second
decimal. A stored model gives the same embeddings, searches and scores everywhere, up to float32 rounding.
"""

import dis
import hashlib
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import torch

from drcl_mini import DRCL
from drcl_mini.core.devices import resolve_device
from drcl_mini.core.environment import environment
from drcl_mini.core.tensorfile import load_checkpoint, save_checkpoint
from drcl_mini.method.saving import model_state, restore_model

MODELS = Path(__file__).parents[1] / "models"
KIND = "stored model of the drcl_mini book"
LARGE = 10_000
"""Arrays with more numbers than this are kept in half precision; what the chapter shows is what was kept."""


def load_or_train(
    name: str, make: Callable[[], Any], train: bool | str = False
) -> Any:
    """What ``make()`` returns, from ``book/models/NAME.safetensors`` or made here.

    Args:
        name: of the file, without its ending.
        make: a function of the chapter. It returns a model, an array, a number, a text, or lists and mappings of them.
        train: True makes it here and leaves the file alone; ``"store"`` makes it and writes the file, unless the file
            was made by the same recipe (``python book/tools/refresh.py models`` runs every chapter so).

    Raises:
        FileNotFoundError: nothing is stored under this name.
        ValueError: it was stored by other code or other settings than those that stand in the chapter now.
    """
    path = MODELS / f"{name}.safetensors"
    if train and train != "store":
        return make()
    if train == "store" and not _stored(path, recipe(make)):
        tensors: dict[str, torch.Tensor] = {}
        content = _pack(make(), tensors)
        made = {"recipe": recipe(make), "environment": environment()}
        made["command"] = "python book/tools/refresh.py models"
        MODELS.mkdir(exist_ok=True)
        save_checkpoint(path, tensors, made | {"content": content}, KIND)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.name} isn't stored: set TRAIN = True in this chapter, or run  python book/tools/refresh.py models"
        )
    tensors, header = load_checkpoint(path, KIND)
    _check(path.name, header["recipe"], recipe(make))
    return _unpack(header["content"], tensors)


def _stored(path: Path, wanted: dict[str, str]) -> bool:
    """Whether the file is there and was made by this recipe."""
    return path.is_file() and load_checkpoint(path, KIND)[1]["recipe"] == wanted


def provenance(name: str) -> dict[str, Any]:
    """Where a stored model comes from: command, environment, and the recipe that it was made by."""
    header = load_checkpoint(MODELS / f"{name}.safetensors", KIND)[1]
    return {key: value for key, value in header.items() if key != "content"}


def recipe(make: Callable) -> dict[str, str]:
    """What a result was made by: source code by checksum, plain settings as text.

    It follows the functions of the chapter that ``make`` calls, and takes the numbers, texts and lists that they read.
    Arrays, data sets and models that they read are not part of it, nor is the package's own code.
    """
    found: dict[str, str] = {}
    waiting = [(make.__name__, make)]
    while waiting:
        name, function = waiting.pop()
        source = textwrap.dedent(inspect.getsource(function)).strip()
        checksum = hashlib.sha256(source.encode()).hexdigest()[:16]
        found[f"{name}()"] = checksum
        chapter = function.__globals__
        for name in _names(function.__code__) & chapter.keys():
            value = chapter[name]
            if _plain(value):
                found[name] = repr(value)
            elif inspect.isfunction(value) and value.__globals__ is chapter:
                waiting += [(name, value)] * (f"{name}()" not in found)
    return {key: found[key] for key in sorted(found) if key != "TRAIN"}


def _names(code: CodeType) -> set[str]:
    """All global names that a function reads, those inside its comprehensions and lambdas included."""
    read = ("LOAD_GLOBAL", "LOAD_NAME")
    own = {i.argval for i in dis.get_instructions(code) if i.opname in read}
    inner = (c for c in code.co_consts if isinstance(c, CodeType))
    return own.union(*map(_names, inner))


def _plain(value: object) -> bool:
    """Whether it is a setting: a number, a text, or lists and mappings of such."""
    if isinstance(value, Mapping):
        return all(map(_plain, value.values()))
    if isinstance(value, (list, tuple, range)):
        return all(map(_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def _check(file: str, stored: dict[str, str], now: dict[str, str]) -> None:
    apart = [
        key
        for key in sorted({*stored, *now})
        if stored.get(key, "absent") != now.get(key, "absent")
    ]
    if not apart:
        return
    told = ", ".join(
        key
        if key.endswith("()")
        else f"{key} (stored with {stored.get(key, 'none')}, now {now.get(key, 'none')})"
        for key in apart
    )
    raise ValueError(
        f"{file} was made by other code or settings than this chapter has now: {told}. Set TRAIN = True to train it "
        "here, or run  python book/tools/refresh.py models  to store it anew"
    )


def _pack(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """A value as JSON; its arrays go to ``tensors`` and are named by their number."""
    if isinstance(value, DRCL):
        state, header = model_state(value)
        packed = {key: _pack(t.cpu(), tensors) for key, t in state.items()}
        return {"model": header, "tensors": packed}
    if isinstance(value, (np.ndarray, torch.Tensor)):
        kind = "array" if isinstance(value, np.ndarray) else "tensor"
        tensor = torch.as_tensor(value).detach().cpu()
        if tensor.is_floating_point() and tensor.numel() > LARGE:
            if tensor.abs().max() > torch.finfo(torch.float16).max:
                raise ValueError(
                    f"an array of {tensor.numel()} numbers is kept in half precision, which ends at 65504: rescale it"
                )
            tensor = tensor.half()
        key = f"{len(tensors):04d}"
        tensors[key] = tensor.clone()
        dtype = re.sub(r"^torch\.", "", str(torch.as_tensor(value).dtype))
        return {kind: key, "dtype": dtype}
    if isinstance(value, Mapping):
        return {"mapping": [[k, _pack(v, tensors)] for k, v in value.items()]}
    if isinstance(value, (list, tuple, range)):
        return {"list": [_pack(v, tensors) for v in value]}
    if isinstance(value, np.generic):
        return value.item()
    if _plain(value):
        return value
    raise TypeError(
        f"{type(value).__name__} can't be stored: return models, arrays, numbers, texts, or lists and mappings of them"
    )


def _unpack(packed: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if not isinstance(packed, dict):
        return packed
    if "model" in packed:
        header, model = packed["model"], DRCL(**packed["model"]["settings"])
        state = {k: _unpack(t, tensors) for k, t in packed["tensors"].items()}
        restore_model(model, state, header, resolve_device(model.settings.device))
        return model
    if "mapping" in packed:
        pairs = packed["mapping"]
        return {_key(k): _unpack(v, tensors) for k, v in pairs}
    if "list" in packed:
        return [_unpack(v, tensors) for v in packed["list"]]
    key = packed.get("tensor", packed.get("array"))
    tensor = tensors[key].to(getattr(torch, packed["dtype"]))
    return tensor if "tensor" in packed else tensor.numpy()


def _key(key: Any) -> Any:
    """JSON has no tuples: a key that was one is one again."""
    return tuple(map(_key, key)) if isinstance(key, list) else key
