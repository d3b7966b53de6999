"""What the command lines share: one-line errors."""

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors take one line; exit code 2. Its help shows docstrings without their backticks."""

    def format_help(self) -> str:
        return super().format_help().replace("``", "")

    def error(self, message: str) -> NoReturn:
        self.exit(2, one_line(message) + "\n")


def one_line(message: object) -> str:
    """An error as people read it in a terminal: one line, no traceback."""
    return "error: " + " ".join(str(message).split())
