"""What the command lines share: one-line errors, and output that any terminal takes."""

import argparse
import io
import json
import sys
from typing import Any, NoReturn


class Terminated(SystemExit):
    """What SIGTERM raises, so that temporary files are cleaned up; no work may take it for an error of its own."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors take one line; exit code 2. Its help shows docstrings without their backticks."""

    def format_help(self) -> str:
        return super().format_help().replace("``", "")

    def error(self, message: str) -> NoReturn:
        self.exit(2, one_line(message) + "\n")


def show_anything() -> None:
    """Have what a terminal's encoding lacks shown as question marks, which else ends the command."""
    if isinstance(
        sys.stdout, io.TextIOWrapper
    ):  # in a notebook it is something else; stderr takes all it is given
        sys.stdout.reconfigure(errors="replace")


def one_line(message: object) -> str:
    """An error as people read it in a terminal: one line, no traceback."""
    return "error: " + " ".join(str(message).split())


def assignment(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` as a name and a value: JSON, or Python's words for true, false and nothing, or text.

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
