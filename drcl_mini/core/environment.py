"""Versions, hardware and commit for result files, and how those are written."""

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
        "torch": torch.__version__,  # with the kind of build: +cpu, +cu130
    }
    for package in ("numpy", "scikit-learn", "safetensors", "faiss-cpu"):
        with suppress(PackageNotFoundError):  # faiss-cpu is optional
            facts[package] = version(package)
    devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = [torch.cuda.get_device_name(i) for i in range(devices)]
    return facts | {
        "processor": _processor(),
        "cores": f"{os.cpu_count()}, torch uses {torch.get_num_threads()}",
        "cuda": ", ".join(names) or "none",
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write an indented JSON file; whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _processor() -> str:
    """The processor's name, the instructions that PyTorch uses, and whether bfloat16 is fast."""
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.is_file() else ""
    facts = dict(re.findall(r"^(model name|flags)\s*: (.*)", text, re.MULTILINE))
    name = facts.get("model name") or platform.processor() or "unknown"
    bfloat16 = any(flag in facts.get("flags", "") for flag in ("avx512_bf16", "amx_bf16"))
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}" + ", bfloat16" * bfloat16


@functools.cache
def commit() -> str | None:
    """The package's git commit, ``-dirty`` if files changed; ``None`` outside a repository."""
    if not _git("ls-files", "--error-unmatch", "__init__.py"):
        return None
    return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(*arguments: str) -> str | None:
    folder = Path(__file__).parents[1]
    program = ["git", "-C", str(folder), *arguments]
    options = {"capture_output": True, "text": True, "timeout": 20, "check": True}
    try:
        return subprocess.run(program, **options).stdout.strip()  # noqa: S603 (no shell)
    except (OSError, subprocess.SubprocessError):
        return None
