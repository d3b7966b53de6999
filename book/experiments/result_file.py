"""How each experiment keeps what it found: with the command that makes it again, and where it ran."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drcl_mini.core.environment import environment, write_json

RESULTS = Path(__file__).parents[1] / "results"


def store(name: str, command: str, content: Mapping[str, Any]) -> None:
    """Write ``book/results/NAME.json``, whole or not at all."""
    about = {"command": command, "environment": environment()}
    write_json(RESULTS / f"{name}.json", about | dict(content))
