"""What the command lines share: one-line errors, and output that any terminal can show."""

import argparse
import io
import json
import sys
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

    Raises:
        ValueError: there is no ``=``.

    Example:
        >>> assignment("epochs=5"), assignment("monitor=None")
        (('epochs', 5), ('monitor', None))
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set {text!r}: expected NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, {"None": None, "True": True, "False": False}.get(value, value)
