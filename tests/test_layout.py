"""The package reads in one order: folders import from themselves and from earlier ones, and no modules in a circle."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import drcl_mini

FOLDERS = ["core", "data", "retrieval", "training", "method", "many", "baselines"]
FOLDERS += [f"experiments.{part}" for part in ("plan", "store", "run", "report")]
FOLDERS += ["speed", "embed", "app"]
ROOT = Path(drcl_mini.__file__).parent
PATHS = {".".join(["drcl_mini", *path.relative_to(ROOT).with_suffix("").parts]): path for path in ROOT.rglob("*.py")}
MODULES = {name.removesuffix(".__init__"): path for name, path in PATHS.items()}


def imports(name):
    """The modules of the package that a module imports, wherever in it."""
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            source = resolve_name("." * node.level + (node.module or ""), package)
            found = [f"{source}.{alias.name}" for alias in node.names]
            yield from {name if name in MODULES else source for name in found} & MODULES.keys()


USES = {name: set(imports(name)) for name in MODULES if name.count(".") and name != "drcl_mini.__main__"}


def folder(name):
    """The folder of a module, by its place in the order."""
    parts = name.split(".")
    return ".".join(parts[1:3]) if parts[1] == "experiments" else parts[1]


def test_every_folder_has_its_place():
    assert {folder(name) for name in USES} - {"experiments"} == set(FOLDERS)
    assert sum(map(len, USES.values())) > 200


def test_imports_lead_to_the_same_folder_or_an_earlier_one():
    place = {name: FOLDERS.index(folder(name)) for name in USES if folder(name) != "experiments"}
    late = [(name, used) for name, all_ in USES.items() for used in all_ if place.get(used, 99) > place.get(name, 0)]
    assert late == []


def test_no_modules_import_each_other_in_a_circle():
    list(TopologicalSorter(USES).static_order())


def test_the_method_can_be_read_in_an_afternoon():
    command = [sys.executable, ROOT.parent / "book/tools/lines.py"]
    counted = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = {name: int(count.replace(",", "")) for count, name in map(str.split, counted.splitlines()[:-1])}
    assert 400 < lines["method"] <= 600
