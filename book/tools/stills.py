"""The still pictures of the live figures, which stand where scripts are off: ``python book/tools/stills.py [NAME …]``.

Each is what Chromium shows of the figure before anything is touched.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from kit.figures import ALTS, LIVE, live
from kit.results import result

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
DATA = {"train": "live-numbers", "search": "search-box", "repulsion": "gram-frames"}
"""Figures that are given a result file."""
DATA = {"train": "live-numbers", "search": "search-box", "repulsion": "gram-frames"}
"""Figures that are given a result file."""
EMPTY = b"\x89PNG\r\n\x1a\n"


def main(names: list[str]) -> None:
    """Take a picture of each."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 760, "height": 900})
        for name in names or ALTS:
            path = LIVE / "stills" / f"{name}.png"
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_bytes(EMPTY)
            data = result(DATA[name]) if name in DATA else None
            figure = live(name, data).data
            page.set_content(f'<!doctype html><meta charset="utf-8">{figure}')
            page.wait_for_timeout(300)
            if name == "train":  # what it is for shows when it is done
                page.get_by_role("button", name="train", exact=True).click()
                page.wait_for_selector('.drcl-live[data-state="done"]')
            shot = page.locator(".drcl-live").screenshot()
            picture = Image.open(io.BytesIO(shot)).convert("RGB")
            picture.quantize(48, dither=Image.Dither.NONE).save(
                path, "PNG", optimize=True
            )
            print(f"{path.name}: {path.stat().st_size / 1000:.1f} kB")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
