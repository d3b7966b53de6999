"""What a reader meets in each chapter, as a table: ``python book/tools/reading.py`` (after ``make book``).

Open lines of code, words, questions that answer, live figures, seconds to run, megabytes of the page, and the longest
stretch, in screens of 1280 × 900 pixels, without something to do or to see: a picture, a player, a live figure, a table,
a question, an exercise. ``--text`` leaves out what needs the built pages and a browser.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
SCREEN = {"width": 1280, "height": 900}
FOLDED = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
LIVE = r'kit\.live\(|class="drcl-(?:slider|hover|explorer|grow|lists)"'
SEEN = "img, svg, audio, video, table, details, input, .drcl-live, .drcl-hover, .drcl-slider, .drcl-explorer, .drcl-grow, .drcl-lists"

STRETCH = """([what, height]) => {
    const article = document.querySelector('article');
    const places = [...article.querySelectorAll(what)].map(part => part.getBoundingClientRect())
        .filter(box => box.height > 12 && box.width > 12).map(box => [box.top + scrollY, box.bottom + scrollY]);
    const whole = article.getBoundingClientRect();
    places.push([whole.bottom + scrollY, whole.bottom + scrollY]);
    let end = whole.top + scrollY, longest = 0;
    for (const [top, bottom] of places.sort((a, b) => a[0] - b[0])) {
        longest = Math.max(longest, top - end);
        end = Math.max(end, bottom);
    }
    return longest / height;
}"""


def folded(cell: Any) -> bool:
    """Whether a page hides a cell's code, at first or for good."""
    return bool(FOLDED & set(cell.metadata.get("tags", [])))


def open_lines(cell: Any) -> int:
    """Lines of code that stand open, blank ones left out."""
    if cell.cell_type != "code" or folded(cell):
        return 0
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def words(source: str) -> int:
    """Words of a text cell: those of formulas, links' addresses and marks left out.

    Example:
        >>> words("**One** [two](three.ipynb) $x + y$ four")
        3
    """
    plain = re.sub(
        r"\$[^$]*\$|<[^>]*>|\]\([^)]*\)|```\{bib.*?```", " ", source, flags=re.S
    )
    return len(re.findall(r"[^\W\d_][\w’'-]*", plain))


def about(path: Path) -> dict[str, Any]:
    """Of one notebook, what can be counted without its page."""
    cells = nbformat.read(path, as_version=4).cells
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    shown = [
        cell.source
        + "".join(o.get("data", {}).get("text/html", "") for o in cell.outputs)
        for cell in cells
        if cell.cell_type == "code"
    ]
    return {
        "open lines": sum(map(open_lines, cells)),
        "most in a cell": max(map(open_lines, cells)),
        "words": sum(map(words, texts)),
        "questions": sum(text.count('class="ask"') for text in texts),
        "live": sum(bool(re.search(LIVE, text)) for text in shown),
    }


def stretches(browser: Any, pages: list[Path]) -> list[float]:
    """Of each built page, the longest stretch without something to do or to see, in screens."""
    page, found = browser.new_page(viewport=SCREEN), []
    for path in pages:
        page.goto(path.as_uri(), wait_until="load")
        page.evaluate(
            "document.querySelectorAll('article img').forEach(i => i.loading = 'eager')"
        )
        page.wait_for_function(
            "() => [...document.querySelectorAll('article img')].every(i => i.complete)"
        )
        found.append(page.evaluate(STRETCH, [SEEN, SCREEN["height"]]))
    page.close()
    return found


def main() -> None:
    """Print the table."""
    import pandas as pd
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--text", action="store_true")
    paths = sorted((ROOT / "book").glob("*.ipynb"))
    table = pd.DataFrame(
        [about(path) for path in paths], [path.stem for path in paths]
    )
    if not parser.parse_args().text:
        pages = [ROOT / "_build/html/book" / f"{path.stem}.html" for path in paths]
        status = json.loads(
            (ROOT / "book/results/status.json").read_text(encoding="utf-8")
        )
        took = {
            Path(name).name: row["seconds"]
            for name, row in status["chapters"].items()
        }
        table["seconds"] = [took.get(path.stem) for path in paths]
        table["MB"] = [round(page.stat().st_size / 1e6, 1) for page in pages]
        with sync_playwright() as play:
            chromium = "/usr/bin/chromium"
            browser = play.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            found = stretches(browser, pages)
        table["longest stretch"] = [round(screens, 1) for screens in found]
    print(table.to_string())


if __name__ == "__main__":
    main()
