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

ROOT = Path(__file__).parents[1]
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
