"""Run chapters top to bottom in fresh kernels and store their outputs: ``python book/tools/execute.py [FILE …]``.

Time stamps, kernel versions and the like stay out of the files, so a run that changes nothing shows no change.
``--discard`` runs them and leaves the files as they are; so does ``--set NAME=VALUE``, which gives the chapter's cell of
parameters other values for this run.
"""

import argparse
import ast
import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from drcl_mini.core.files import replacing

BOOK = Path(__file__).parents[1]


def run(path: Path, **parameters: Any) -> nbformat.NotebookNode:
    """A chapter's notebook after a run in its folder, in a fresh kernel.

    Args:
        path: of the notebook; the file isn't changed.
        parameters: other values for names that the cell with the tag ``parameters`` sets.

    Raises:
        KeyError: the chapter has no such parameter.
    """
    notebook = nbformat.read(path, as_version=4)
    for name, value in parameters.items():
        _set(notebook, path, name, value)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        timeout=3600,
        record_timing=False,
        coalesce_streams=True,  # what a cell prints is one text, however it came
        resources={"metadata": {"path": str(BOOK)}},
    ).execute()
    return notebook


def _set(
    notebook: nbformat.NotebookNode, path: Path, name: str, value: Any
) -> None:
    line = re.compile(rf"^{name} = [^#\n]+", re.MULTILINE)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []) and line.search(
            cell.source
        ):
            cell.source = line.sub(lambda _: f"{name} = {value!r}  ", cell.source)
            return
    raise KeyError(f"{path.name} has no parameter {name}")


def execute(path: Path) -> None:
    """Run one chapter and write it back with its outputs."""
    notebook = run(path)
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{path.stem}-{number:02d}"
    nbformat.validate(notebook)
    with replacing(path) as temporary:
        nbformat.write(notebook, temporary)


def main() -> None:
    """Store outputs; with ``--discard`` or ``--set``, only run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--discard", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    pairs = (text.split("=", 1) for text in given.set)
    parameters = {name: ast.literal_eval(value) for name, value in pairs}
    for path in given.files or sorted(BOOK.glob("*.ipynb")):
        if parameters or given.discard:
            run(path, **parameters)
        else:
            execute(path)
        print(path, flush=True)


if __name__ == "__main__":
    main()
