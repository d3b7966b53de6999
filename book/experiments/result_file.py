"""How each experiment keeps what it found, with the command that makes it again, and how it reads what others kept."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drcl_mini.core.environment import environment, write_json

sys.path.insert(0, str(Path(__file__).parents[1]))  # kit
from kit.results import RESULTS, runs

__all__ = ["RESULTS", "runs", "store"]


def store(name: str, command: str, content: Mapping[str, Any]) -> None:
    """Write ``book/results/NAME.json``, whole or not at all."""
    about = {"command": command, "environment": environment()}
    write_json(RESULTS / f"{name}.json", about | dict(content))
