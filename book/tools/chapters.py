"""The table of chapters: in the README, on the Welcome page, on the status page. ``python book/tools/chapters.py``.

What stands in it is read: titles, device and data from the chapters, minutes and memory from ``results/status.json``,
which ``--measure`` makes anew by running every chapter. ``--check`` only says whether a table is stale.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml

from drcl_mini.core.environment import environment, write_json

ROOT = Path(__file__).parents[2]
STATUS = ROOT / "book/results/status.json"
START, END = "<!-- chapters -->", "<!-- /chapters -->"
COLAB = "https://colab.research.google.com/github/{}/blob/main/{}.ipynb"


class Chapter(NamedTuple):
    """What the tables say of a chapter; ``page`` is its path without ending, ``part`` where it stands."""

    page: str
    part: str
    title: str
    device: str
    data: str


def chapters() -> list[Chapter]:
    """All notebooks of the table of contents, in order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    pages = [("", toc["root"])]
    for part in toc.get("parts", []):
        pages += [
            (part["caption"], chapter["file"]) for chapter in part["chapters"]
        ]
    return [
        _chapter(page.removesuffix(".ipynb"), part)
        for part, page in pages
        if (ROOT / f"{page}.ipynb").exists()
    ]


def _chapter(page: str, part: str) -> Chapter:
    notebook = nbformat.read(ROOT / f"{page}.ipynb", as_version=4)
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    rows = dict(re.findall(r"^\| (Device|Data) \| (.+?) \|$", text, re.M))
    title = re.search(r"^# (.+)$", text, re.M)[1]
    return Chapter(
        page, part, title, rows.get("Device", "CPU"), rows.get("Data", "none")
    )


def measure() -> None:
    """Run every chapter in a fresh kernel, store none of its outputs; note seconds and peak memory."""
    rows = {}
    for chapter in chapters():
        program = [sys.executable, ROOT / "book/tools/execute.py", "--discard"]
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 (our own program, no shell)
            [*program, ROOT / f"{chapter.page}.ipynb"],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{chapter.page} failed")
        seconds = time.perf_counter() - start
        rows[chapter.page] = {
            "seconds": round(seconds, 1),
            "processor seconds": round(usage.ru_utime + usage.ru_stime, 1),
            "peak_mb": round(usage.ru_maxrss / 1024),
        }
        print(chapter.page, rows[chapter.page], flush=True)
    command = "python book/tools/chapters.py --measure"
    found = {"command": command, "date": time.strftime("%Y-%m-%d")}
    write_json(STATUS, found | {"environment": environment(), "chapters": rows})


def _minutes(row: dict) -> str:
    """In words, so that another machine of the kind agrees."""
    seconds = row["processor seconds"]
    return "under 1" if seconds < 50 else f"about {max(1, round(seconds / 60))}"


def table(link: str) -> str:
    """Markdown rows; ``link`` makes a chapter's address of its page."""
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"][
        "url"
    ]
    owner = address.removeprefix("https://github.com/")
    rows = json.loads(STATUS.read_text(encoding="utf-8"))["chapters"]
    lines = [
        "| Chapter | Colab | Minutes, two cores | Device | Data |",
        "| --- " * 5 + "|",
    ]
    for chapter in chapters():
        name = link.format(title=chapter.title, file=Path(chapter.page).name)
        cells = [name, f"[open]({COLAB.format(owner, chapter.page)})"]
        minutes = (
            _minutes(rows[chapter.page]) if chapter.page in rows else "not measured"
        )
        lines.append(
            "| "
            + " | ".join([*cells, minutes, chapter.device, chapter.data])
            + " |"
        )
    return "\n".join(lines)


def status_page() -> str:
    """Markdown: versions, and what each chapter takes."""
    found = json.loads(STATUS.read_text(encoding="utf-8"))
    lines = [
        "# Status",
        "",
        f"Measured on {found['date']} by `{found['command']}`, a fresh kernel for each chapter, one thread.",
    ]
    lines += [
        "",
        "| Chapter | Seconds | of them computing | Peak memory, MB |",
        "| --- | --- | --- | --- |",
    ]
    for chapter in chapters():
        row = found["chapters"].get(chapter.page)
        if row:
            told = [row["seconds"], row["processor seconds"], row["peak_mb"]]
            page = os.path.relpath(
                ROOT / f"{chapter.page}.ipynb", ROOT / "book/reference"
            )
            lines.append(
                f"| [{chapter.title}]({page}) | "
                + " | ".join(map(str, told))
                + " |"
            )
    seconds = sum(row["seconds"] for row in found["chapters"].values())
    lines += [
        f"| **all** | {seconds:.0f} | | |",
        "",
        "| Version of | |",
        "| --- | --- |",
    ]
    made = found["environment"]
    made |= {"cores": made["cores"].split(",")[0] + "; a chapter used one thread"}
    lines += [f"| {name} | {value} |" for name, value in made.items()]
    return "\n".join(lines) + "\n"


def _between(text: str, new: str) -> str:
    head, rest = text.split(START)
    return f"{head}{START}\n\n{new}\n\n{END}{rest.split(END)[1]}"


def main(check: bool) -> int:
    """Write the tables; with ``check`` only say whether they are stale."""
    welcome = ROOT / "book/00-welcome.ipynb"
    notebook = nbformat.read(welcome, as_version=4)
    for cell in notebook.cells:
        if START in cell.source:
            cell.source = _between(cell.source, table("[{title}]({file}.ipynb)"))
    readme = ROOT / "README.md"
    new = {
        welcome: nbformat.writes(notebook) + "\n",
        readme: _between(readme.read_text(encoding="utf-8"), table("{title}")),
        ROOT / "book/reference/status.md": status_page(),
    }
    stale = [
        path
        for path, text in new.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(path.relative_to(ROOT))
        if not check:
            path.write_text(new[path], encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure()
    sys.exit(main("--check" in sys.argv))
