"""The chapters' first cell as Colab runs it: clone once, install the package and leave torch alone, go to the book."""

import os
import subprocess
import sys
import tomllib
from importlib import util
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
HOME = "/content/drcl-mini"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def cell():
    notebook = nbformat.read(ROOT / "book/01-quick-start.ipynb", as_version=4)
    return next(cell.source for cell in notebook.cells if cell.cell_type == "code")


@pytest.fixture
def colab(monkeypatch):
    """A machine that looks like Colab; what the cell does to it is noted."""
    done, here = [], {"cloned": False, "installed": False}
    find, isdir = util.find_spec, os.path.isdir

    def run(command, check):
        assert check
        done.append(command)
        here["cloned" if command[0] == "git" else "installed"] = True

    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(os, "chdir", lambda path: done.append(["cd", path]))
    monkeypatch.setattr(os.path, "isdir", lambda path: here["cloned"] if path == HOME else isdir(path))
    found = lambda name: find(name) if name != "drcl_mini" else here["installed"] or None  # noqa: E731
    monkeypatch.setattr(util, "find_spec", found)
    return done


def test_it_sets_up_once(cell, colab):
    exec(compile(cell, "cell", "exec"), {})
    clone, install, go = colab
    assert clone == ["git", "clone", "--depth", "1", PROJECT["urls"]["Repository"], HOME]
    assert install == [sys.executable, "-m", "pip", "install", "-q", f"{HOME}[book]"]
    assert go == ["cd", f"{HOME}/book"]
    exec(compile(cell, "cell", "exec"), {})
    assert colab[3:] == [go]


def test_elsewhere_it_does_nothing(cell, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    monkeypatch.setattr(os, "chdir", lambda _: pytest.fail("the folder was left"))
    exec(compile(cell, "cell", "exec"), {})


def test_an_install_leaves_what_is_there_alone():
    """Lower bounds only: pip keeps the torch and numpy that are installed."""
    needed = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["book"]]
    assert not [one for one in needed if any(sign in one for sign in ("==", "<", "~=", "!="))]
    modules = {"matplotlib", "seaborn", "pandas", "ipywidgets", "umap-learn", "faiss-cpu", "pillow"}
    assert modules <= {one.partition(">")[0] for one in needed}


PREINSTALLED = {"torch", "numpy", "scipy", "pandas", "matplotlib", "seaborn", "scikit-learn", "scikit-image"}
PREINSTALLED |= {"umap-learn", "numba", "librosa", "h5py", "ipywidgets", "tqdm"}
"""What of our needs Colab has, more or less."""
START = """
import sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
for cell in CELLS:
    exec(compile(cell, "cell", "exec"), globals())
import torch, drcl_mini
print(drcl_mini.__file__)
"""


@pytest.mark.skipif("DRCL_MINI_COLAB" not in os.environ, reason="DRCL_MINI_COLAB=1 installs an environment for it")
def test_every_chapter_starts_in_a_fresh_environment(tmp_path):
    """Set-up cell and imports, with what Colab has; the public address leads to this checkout's last commit."""
    python, home = tmp_path / "env/bin/python", tmp_path / "content/drcl-mini"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    there = [line for line in pins if line.partition("==")[0] in PREINSTALLED]
    assert len(there) == len(PREINSTALLED)
    subprocess.run([python, "-m", "pip", "install", "-q", *there], check=True)
    record = next((tmp_path / "env").glob("lib/*/site-packages/torch-*.dist-info/RECORD"))
    before = record.stat()
    git = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_VALUE_0": PROJECT["urls"]["Repository"]}
    git["GIT_CONFIG_KEY_0"] = f"url.{ROOT.as_uri()}.insteadOf"
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"][:2]
        program = f"CELLS = {[cell.replace(HOME, str(home)) for cell in cells]!r}\n{START}"
        done = subprocess.run(
            [python, "-c", program], cwd=tmp_path, env=os.environ | git, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{path.name}: {done.stderr[-2000:]}"
        assert str(tmp_path / "env") in done.stdout.splitlines()[-1]
    assert (home / "book").is_dir()
    assert record.stat() == before
