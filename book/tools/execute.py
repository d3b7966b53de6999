"""Run chapters top to bottom in fresh kernels and store their outputs: ``python book/tools/execute.py [FILE …]``.

Time stamps, kernel versions and the like stay out of the files, so a run that changes nothing shows no change.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).parents[1]


def execute(path: Path) -> None:
    """Run one chapter in its folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,  # what a cell prints is one text, however it came
        resources={"metadata": {"path": str(BOOK)}},
    ).execute()
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
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(BOOK.glob("*.ipynb")):
        execute(Path(name))
        print(name)
