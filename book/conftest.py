"""Under ``pytest --nbval``: how chapters are compared with what they stored. Two regimes, and no tolerance between them.

**Strict**: mathematics, stored results, stored models. Text is compared by nbval, each picture here, pixel by pixel.
**Not compared**: cells with the tag ``nbval-ignore-output``, because what they show is trained on the spot; a claim or
an assert in the cell says what must hold. All cells of a chapter are in this regime where its parameter ``TRAIN`` is on.

Sounds aren't compared. Pictures are compared where matplotlib has the version that requirements.txt names.
"""

import base64
import io
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageSequence
from scipy.ndimage import maximum_filter, minimum_filter

LEVELS = 8
"""Of 255: how far a pixel's colour may lie outside of the colours that the other picture has at this pixel and its eight
neighbours. A line that rounding puts a pixel aside passes, and so does an edge that is smoothed in another way; a dot, a
letter, a curve that isn't there, or is somewhere else, or has another colour, doesn't."""

PINNED = re.search(
    r"^matplotlib==(.+)$",
    (Path(__file__).parents[1] / "requirements.txt").read_text(),
    re.MULTILINE,
)[1]


def _pictures(outputs: list[dict]) -> list[np.ndarray]:
    """Pictures of a cell's outputs, (height, width, 3): figures, a slider's frames, items, each frame of a clip."""
    files = []
    for output in outputs:
        data = output.get("data", {})
        files += [data["image/png"]] if "image/png" in data else []
        shown = r"data:image/(?:png|gif);base64,([A-Za-z0-9+/=]+)"
        files += re.findall(shown, "".join(data.get("text/html", "")))
    opened = [Image.open(io.BytesIO(base64.b64decode(file))) for file in files]
    frames = (
        frame for picture in opened for frame in ImageSequence.Iterator(picture)
    )
    return [np.asarray(frame.convert("RGB"), np.int16) for frame in frames]


def difference(stored: list[dict], fresh: list[dict]) -> str | None:
    """What is different between the pictures of stored and fresh outputs; None where nothing is."""
    old, new = _pictures(stored), _pictures(fresh)
    if len(old) != len(new):
        return f"{len(old)} stored pictures, {len(new)} drawn now"
    for number, (before, now) in enumerate(zip(old, new, strict=True), start=1):
        if before.shape != now.shape:
            sizes = before.shape[1::-1], now.shape[1::-1]
            return f"picture {number} was {sizes[0]} pixels, is {sizes[1]}"
        if (before == now).all():
            continue
        foreign = _foreign(before, now) | _foreign(now, before)
        if foreign.any():
            y, x = np.argwhere(foreign)[0]
            return f"picture {number} differs in {foreign.sum()} pixels, the first at ({x}, {y})"
    return None


def _foreign(picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pixels of a picture whose colour the other one hasn't at this place or beside it: (height, width)."""
    low = minimum_filter(other, size=(3, 3, 1)) - LEVELS
    high = maximum_filter(other, size=(3, 3, 1)) + LEVELS
    return ((picture < low) | (picture > high)).any(axis=2)


def regime(cell: dict, chapter: dict) -> str:
    """``"strict"``, ``"not compared"``, or ``"no picture"``: how the pictures of a code cell are compared."""
    if not _pictures(cell.get("outputs", [])):
        return "no picture"
    ignored = "nbval-ignore-output" in cell.metadata.get("tags", [])
    return "not compared" if ignored or trains(chapter) else "strict"


def trains(chapter: dict) -> bool:
    """Whether a chapter's switch is on: it trains what it would load."""
    parameters = (
        cell.source
        for cell in chapter.cells
        if "parameters" in cell.metadata.get("tags", [])
    )
    return any(re.search(r"^TRAIN = True", text, re.M) for text in parameters)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cells of a chapter whose switch is on are run, not compared."""
    for item in items:
        if hasattr(item, "cell"):
            item.output_timeout = 60  # a busy machine sends its messages late
            if trains(item.parent.nb):
                item.options["check"] = False


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> object:
    """After nbval has run a cell and compared its text: its pictures."""
    result = yield
    cell = getattr(item, "cell", None)
    if cell is not None and regime(cell, item.parent.nb) == "strict":
        if matplotlib.__version__ != PINNED:
            return result
        told = difference(cell.get("outputs", []), item.test_outputs or [])
        if told:
            pytest.fail(f"stale: {told}; run  python book/tools/execute.py", False)
    return result


def pytest_terminal_summary(terminalreporter: object) -> None:
    """Say so where pictures weren't compared."""
    if terminalreporter.config.option.nbval and matplotlib.__version__ != PINNED:
        terminalreporter.write_line(
            f"pictures of chapters were not compared: matplotlib is {matplotlib.__version__}, they were drawn by {PINNED}"
        )
