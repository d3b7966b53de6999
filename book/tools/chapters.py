"""The table of chapters: in the README, on the Welcome page, on the status page. ``python book/tools/chapters.py``.

What stands in it is read: titles, device and data from the chapters, minutes and memory from ``results/status.json``,
which ``--measure`` makes anew by running every chapter. ``--check`` only says whether a table is stale.

A chapter says what it takes in one line below its question:

    <p class="takes">Under a minute on a CPU · 0.6 GB · CPU or GPU · data: <code>numbers</code>, in the package</p>
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
TAKES = re.compile(r'<p class="takes">(.+?) · (?:.+ · )?data: (.+?)</p>')
DEVICES = ("CPU or GPU", "GPU")
"""Parts of that line that name what a chapter runs on, if it isn't a CPU alone."""
COLAB = "https://colab.research.google.com/github/{}/blob/main/{}.ipynb"


class Chapter(NamedTuple):
    """What the tables say of a chapter; ``page`` is its path without ending, ``part`` where it stands."""

    page: str
    part: str
    title: str
    time: str
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
    title = re.search(r"^# (.+)$", text, re.M)[1]
    return Chapter(page, part, title, *takes(text))


def takes(text: str) -> tuple[str, str, str]:
    """Time, device and data, as a chapter's text has them.

    Example:
        >>> takes('<p class="takes">A minute · 1 GB · CPU or GPU · data: none</p>')
        ('A minute', 'CPU or GPU', 'none')
    """
    found = TAKES.search(text)
    named = [part for part in found[0].split(" · ") if part in DEVICES]
    return found[1], (named or ["CPU"])[0], found[2]


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


def _minutes(chapter: Chapter, rows: dict) -> str:
    """As measured, in words, so that another machine of the kind agrees; as the chapter says, if it wasn't."""
    if chapter.page not in rows:
        return chapter.time[0].lower() + chapter.time[1:]
    minutes = rows[chapter.page]["processor seconds"] / 60
    if minutes < 5 / 6:
        return "< 1 min"
    return f"about {max(1, round(minutes))} min"


def number(chapter: Chapter) -> str:
    """A chapter's number, of its file's name."""
    return str(int(Path(chapter.page).name.split("-")[0]))


def colab(chapter: Chapter) -> str:
    """Where Colab opens a chapter."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    owner = config["repository"]["url"].removeprefix("https://github.com/")
    return COLAB.format(owner, chapter.page)


def table() -> str:
    """Markdown for the Welcome page: a row for each chapter, below the name of its part."""
    rows = json.loads(STATUS.read_text(encoding="utf-8"))["chapters"]
    lines, part = ["| Chapter | Takes | Data | Run |", "| --- " * 4 + "|"], ""
    for chapter in chapters():
        if chapter.part != part:
            part = chapter.part
            lines.append(f"| **{part}** | | | |")
        cells = (
            f"{number(chapter)} · [{chapter.title}]({Path(chapter.page).name}.ipynb)",
            f"{_minutes(chapter, rows)}, {chapter.device.replace(' or ', ', ')}",
            chapter.data,
            f"[Colab]({colab(chapter)})",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def short_table() -> str:
    """Markdown for the README: a row for each part, its chapters as links to Colab."""
    parts: dict[str, list[str]] = {}
    for chapter in chapters():
        link = f"{number(chapter)} [{chapter.title}]({colab(chapter)})"
        parts.setdefault(chapter.part or "Welcome", []).append(link)
    lines = ["| Part | Chapters, in Colab |", "| --- | --- |"]
    lines += [f"| {part} | {' · '.join(links)} |" for part, links in parts.items()]
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
            cell.source = _between(cell.source, table())
    readme = ROOT / "README.md"
    new = {
        welcome: nbformat.writes(notebook) + "\n",
        readme: _between(readme.read_text(encoding="utf-8"), short_table()),
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
