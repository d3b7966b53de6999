"""Input checks: each error says what is wrong, what was expected and what to do."""

import difflib
import importlib
import sys
import traceback
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def suggest(name: object, known: Iterable[str]) -> str:
    """The end of an error about an unknown name: close matches, and every name that is known.

    Example:
        >>> suggest("txt", ["image", "text"])
        "did you mean 'text'? known: 'image', 'text'"
    """
    names = list(dict.fromkeys(map(str, known)))
    close = difflib.get_close_matches(str(name), names, n=2)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{hint}known: {', '.join(map(repr, names)) or 'none'}"


def require(module: str, package: str = "") -> Any:
    """Import an optional module, or say which command installs it.

    Args:
        module: what to import.
        package: what to install, if its name differs.

    Raises:
        ImportError: it isn't installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = package or module
        told = f"this needs the package {missing} ({error}): pip install {missing}"
        raise ImportError(told) from None


def check_integer(
    value: Any, what: str, least: int = 1, most: int | None = None, optional: bool = False
) -> Any:
    """An integer of Python or NumPy as ``int``; where it is ``optional``, ``None`` passes.

    Raises:
        ValueError: out of range, or something else; ``True`` and 2.0 are no integers.

    Example:
        >>> check_integer(np.int64(3), "k")
        3
        >>> check_integer("x", "k")
        Traceback (most recent call last):
        ValueError: k is 'x', expected an integer of at least 1
    """
    if value is None and optional:
        return None
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        none = "None or " if optional else ""
        raise ValueError(f"{what} is {value!r}, expected {none}an integer {bounds}")
    return int(value)


def check_mapping(value: Any, what: str) -> Mapping[str, Any]:
    """A non-empty mapping from modality names to arrays.

    Raises:
        ValueError: it is empty, something else, or has a name that isn't one.
    """
    if not isinstance(value, Mapping) or not value:
        kind = type(value).__name__
        given = f"an empty {kind}" if isinstance(value, Mapping) else kind
        raise ValueError(f"{what} is {given}, expected a mapping {{modality: array}}")
    for name in value:
        check_name(name, what)
    return value


def check_name(name: Any, what: str) -> str:
    """The name of a modality: a non-empty string without control characters, which forge output.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(name, str) or not name or not name.isprintable():
        told = "expected a non-empty string of printable characters"
        raise ValueError(f"{what}: modality name {name!r}, {told}")
    return name


def check_dimensions(query: int, gallery: int) -> None:
    """That queries and gallery have as many dimensions.

    Raises:
        ValueError: they don't.
    """
    if query != gallery:
        raise ValueError(f"the queries have {query} dimensions, the gallery has {gallery}")


def to_builtin(value: Any) -> Any:
    """NumPy's numbers and words as Python's, also in tuples, lists (as tuples) and mappings.

    Example:
        >>> to_builtin([np.int64(3), np.float32(0.5), True])
        (3, 0.5, True)
    """
    if isinstance(value, Mapping):
        return {name: to_builtin(x) for name, x in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(map(to_builtin, value))
    if isinstance(value, np.floating):
        return float(value)  # .item() leaves a longdouble as it is
    return value.item() if isinstance(value, np.generic) else value


def warn(message: str) -> None:
    """A warning that points at the line outside the package that called it."""
    package, level = Path(__file__).parents[1], 1
    for depth, (frame, _) in enumerate(traceback.walk_stack(sys._getframe()), start=1):
        if Path(frame.f_code.co_filename).is_relative_to(package):
            level = depth
    warnings.warn(message, UserWarning, stacklevel=level + 1)
