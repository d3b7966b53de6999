"""What a result file says of where it came from, and how it is written."""

import functools
import json
import os
import platform
import re
import subprocess
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from .files import replacing
from .version import __version__


def environment() -> dict[str, str]:
    """Versions and hardware, for reports and result files."""
    facts = {
        "drcl_mini": __version__,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }
    facts["torch"] = torch.__version__  # with the kind of build: +cpu, +cu130
    for package in ("numpy", "scikit-learn", "safetensors"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = f"missing: pip install {package}"
    with suppress(PackageNotFoundError):  # an optional one
        facts["faiss-cpu"] = version("faiss-cpu")
    cuda = torch.cuda.is_available()
    names = (
        [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else []
    )
    return facts | {
        "processor": _processor(),
        "cores": f"{os.cpu_count()}, torch uses {torch.get_num_threads()}",
        "cuda": ", ".join(names) or "none",
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """A JSON file for people and programs; whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def _processor() -> str:
    """The processor's name, and what PyTorch uses of it, where the system tells."""
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.is_file() else ""
    facts = dict(re.findall(r"^(model name|flags)\s*: (.*)", text, re.MULTILINE))
    name = facts.get("model name") or platform.processor() or "unknown"
    bfloat16 = any(flag in facts.get("flags", "") for flag in ("avx512_bf16", "amx_bf16"))
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}" + ", bfloat16" * bfloat16


@functools.cache
def commit() -> str | None:
    """The git commit of this package, with ``-dirty`` after changes; ``None`` where it is in no repository."""
    folder = Path(__file__).parents[1]
    tracked = _git("-C", str(folder), "ls-files", "--error-unmatch", "__init__.py")
    return tracked and _git(
        "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"
    )


def _git(*arguments: str) -> str | None:
    program = ["git", *arguments]  # whoever can put another git into PATH has won before
    try:
        done = subprocess.run(program, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 (no shell)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
