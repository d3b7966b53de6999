"""Under ``pytest --nbval``: each stored picture is compared with the one the cell draws now; sounds are not."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image, ImageSequence

TILE, TOLERANCE = 32, 30
"""Side of the squares in which pictures are compared, and the root mean square difference allowed in each, of colours
from 0 to 255. A dot more or less in a plot is beyond it; what another processor moves by a fraction of a pixel, below."""


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
    return [np.asarray(frame.convert("RGB"), float) for frame in frames]


def difference(stored: list[dict], fresh: list[dict]) -> str | None:
    """What is different between the pictures of stored and fresh outputs; None where nothing is."""
    old, new = _pictures(stored), _pictures(fresh)
    if len(old) != len(new):
        return f"{len(old)} stored pictures, {len(new)} drawn now"
    for number, (before, now) in enumerate(zip(old, new, strict=True), start=1):
        if max(abs(np.subtract(before.shape, now.shape))) > 4:
            sizes = before.shape[1::-1], now.shape[1::-1]
            return f"picture {number} was {sizes[0]} pixels, is {sizes[1]}"
        height, width = np.minimum(before.shape, now.shape)[:2]
        apart = (before[:height, :width] - now[:height, :width]) ** 2
        worst = _tiles(apart.mean(axis=2)).max() ** 0.5
        if worst > TOLERANCE:
            return f"picture {number} is {worst:.1f} colours of 255 off in places, expected at most {TOLERANCE}"
    return None


def _tiles(values: np.ndarray) -> np.ndarray:
    """The mean over each tile; a tile at the border counts what it lacks as 0."""
    filled = np.pad(values, [(0, -size % TILE) for size in values.shape])
    rows, columns = (size // TILE for size in filled.shape)
    return filled.reshape(rows, TILE, columns, TILE).mean(axis=(1, 3))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> object:
    """After nbval has run a cell and compared its text: its pictures."""
    result = yield
    cell = getattr(item, "cell", None)
    if cell is not None and "nbval-ignore-output" not in cell.metadata.get(
        "tags", []
    ):
        told = difference(cell.get("outputs", []), item.test_outputs or [])
        if told:
            pytest.fail(f"stale: {told}; run  python book/tools/execute.py", False)
    return result
