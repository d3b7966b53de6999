"""Under ``pytest --nbval``: each stored picture is compared, pixel by pixel, with the one the cell draws now."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

TOLERANCE = 12
"""Root mean square difference of grey values, 0 to 255; other fonts or another processor stay below it."""


def _pictures(outputs: list[dict]) -> list[np.ndarray]:
    """Grey pictures of a cell's outputs."""
    found = [output.get("data", {}).get("image/png") for output in outputs]
    files = [io.BytesIO(base64.b64decode(data)) for data in found if data]
    return [np.asarray(Image.open(file).convert("L"), float) for file in files]


def difference(stored: list[dict], fresh: list[dict]) -> str | None:
    """What is different between the pictures of stored and fresh outputs; None where nothing is."""
    old, new = _pictures(stored), _pictures(fresh)
    if len(old) != len(new):
        return f"{len(old)} stored pictures, {len(new)} drawn now"
    for number, (before, now) in enumerate(zip(old, new, strict=True), start=1):
        size = tuple(np.minimum(before.shape, now.shape))
        if max(abs(np.subtract(before.shape, now.shape))) > 4:
            return f"picture {number} was {before.shape[::-1]} pixels, is {now.shape[::-1]}"
        rows, columns = size
        apart = np.sqrt(
            np.mean((before[:rows, :columns] - now[:rows, :columns]) ** 2)
        )
        if apart > TOLERANCE:
            return f"picture {number} is {apart:.1f} grey values off, expected at most {TOLERANCE}"
    return None


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
