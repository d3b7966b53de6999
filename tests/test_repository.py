"""The repository as a newcomer finds it: layout, one address, README that says what was measured."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYOUT = {
    "book", "drcl_mini", "data_scripts", "tests", "_config.yml", "_toc.yml", "requirements.txt", "README.md",
    "pyproject.toml", "Makefile", "LICENSE", "CITATION.cff", ".gitignore", ".ci", ".github",
}  # fmt: skip


def tracked():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return listing.stdout.split("\n")[:-1]


def test_nothing_else_at_the_top():
    assert {name.split("/")[0] for name in tracked()} == LAYOUT


@pytest.mark.parametrize("tool", ["address.py", "chapters.py", "readme.py", "robustness.py"])
def test_generated_parts_are_fresh(tool):
    """The public address is the same everywhere; the tables and the picture are those of the results."""
    done = subprocess.run([sys.executable, ROOT / "book/tools" / tool, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run  python book/tools/{tool}: {done.stdout}{done.stderr}"


def test_readme_names_commands_that_exist():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`?make (\w+)", readme)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in set(re.findall(r"(?:book|data_scripts|tests)/[\w./-]+", readme)):
        assert (ROOT / path).exists(), path


def test_requirements_are_pinned_and_the_package_is_not():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] not in "#-"]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in lines)
    loose = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert all(re.fullmatch(r"[\w-]+>=[\w.]+", line) for line in loose)
    assert {re.split("[>=]", line)[0] for line in loose} <= {line.split("==")[0] for line in lines}
