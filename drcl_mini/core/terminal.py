"""What the command lines share: one-line errors, and output that any terminal can show."""

import argparse
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import Field
from typing import Any, NoReturn


class Terminated(SystemExit):
    """Raised on SIGTERM, so that temporary files are removed; not to be handled as an error."""


class Parser(argparse.ArgumentParser):
    """An argument parser with one-line errors (exit code 2) and help without backticks."""

    def format_help(self) -> str:
        return super().format_help().replace("``", "")

    def error(self, message: str) -> NoReturn:
        self.exit(2, one_line(message) + "\n")


def show_anything() -> None:
    """Print "?" for characters that the terminal's encoding lacks, instead of failing."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # in a notebook it is something else
        sys.stdout.reconfigure(errors="replace")


def one_line(message: object) -> str:
    """An error on one line, without a traceback."""
    return "error: " + " ".join(str(message).split())


def assignment(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` as a name and a value: JSON, or ``None``, ``True``, ``False``, or text.

    Numbers with commas between them are a list, brackets or not.

    Raises:
        ValueError: there is no ``=``.

    Example:
        >>> assignment("epochs=5"), assignment("monitor=None")
        (('epochs', 5), ('monitor', None))
        >>> assignment("hidden=4096,4096")
        ('hidden', [4096, 4096])
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set {text!r}: expected NAME=VALUE")
    listed = f"[{value}]" if NUMBERS.fullmatch(value) else value
    try:
        return name, json.loads(listed)
    except ValueError:
        return name, {"None": None, "True": True, "False": False}.get(value, value)


NUMBERS = re.compile(r"[\s\d.eE+-]+(,[\s\d.eE+-]+)+")
"""Two numbers or more, with commas between them."""


def in_tuples(settings: Mapping[str, Any], known: Iterable[Field]) -> dict[str, Any]:
    """Settings from a command line: one number for a setting that is a tuple, as a tuple of one.

    Args:
        settings: values by name.
        known: the dataclass fields of all settings.

    Example:
        >>> from dataclasses import fields
        >>> from drcl_mini import Settings
        >>> in_tuples({"hidden": 256, "dim": 64}, fields(Settings))
        {'hidden': (256,), 'dim': 64}
    """
    tuples = {field.name for field in known if str(field.type).startswith("tuple[")}
    return {
        name: (value,) if name in tuples and type(value) in (int, float) else value
        for name, value in settings.items()
    }
