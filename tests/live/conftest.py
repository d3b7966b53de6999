"""Live figures in a browser: opened as a file and from a server, network off."""

import functools
import http.server
from contextlib import ExitStack

import numpy as np
import pytest
from kit.figures import live
from kit.results import result
from servers import serving

from drcl_mini.embed.packing import base64_of

PAGE = """<!doctype html><html data-theme="{theme}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><body style="margin:8px">{figure}</body></html>"""


class Figure:
    """An open page with one live figure."""

    def __init__(self, page, faults):
        self.page, self.faults = page, faults
        self.host = page.locator(".drcl-live")

    def told(self, name):
        """A number or word that the figure has noted in its host."""
        return self.host.get_attribute(f"data-{name}")

    def done(self):
        """Which missions are done."""
        return [node.get_attribute("data-done") == "yes" for node in self.host.locator(".missions li").all()]

    def drag(self, handle, dx, dy, steps=6):
        """Drag a handle, given by its number or a locator, by some pixels."""
        knob = self.host.locator(".handle").nth(handle) if isinstance(handle, int) else handle
        knob.scroll_into_view_if_needed()
        box = knob.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx, y + dy, steps=steps)
        mouse.up()

    def slide(self, label, value):
        """Move a slider to a value as a user would: with an input event."""
        self.host.get_by_label(label, exact=True).first.evaluate(
            "(node, x) => { node.value = x; node.dispatchEvent(new Event('input', { bubbles: true })); }", value
        )

    def press(self, name):
        """Press the button of this name."""
        self.host.get_by_role("button", name=name, exact=True).first.click()


@pytest.fixture
def open_figure(browser, tmp_path):
    """Open a live figure; ``how`` is "file" or "server"; options are those of a browser context."""
    with ExitStack() as stack:

        def start(name, data=None, how="file", theme="light", scripts=True, **options):
            path = tmp_path / f"{name}.html"
            path.write_text(PAGE.format(theme=theme, figure=live(name, data).data), encoding="utf-8")
            address = path.as_uri()
            if how == "server":
                handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
                address = f"{stack.enter_context(serving(handler))}/{path.name}"
            options = {"viewport": {"width": 800, "height": 900}, "java_script_enabled": scripts} | options
            context = browser.new_context(**options)
            stack.callback(context.close)
            page = context.new_page()
            faults = []
            page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.route("**/*", functools.partial(_only, address, faults))
            page.goto(address)
            return Figure(page, faults)

        yield start


def _only(address, faults, route):
    """Let the page itself through, and note whatever else it asks for."""
    url = route.request.url
    if url.startswith(address):
        route.continue_()
        return
    if not url.endswith("favicon.ico"):
        faults.append(f"asked for {url[:80]}")
    route.abort()


def small_search(columns=32, hidden=4, dim=3):
    """A made-up search: tiny weights from a seed, four items of one pixel."""
    source = np.random.default_rng(0)

    def layer(inputs, outputs, bias):
        weights = source.integers(-127, 128, (outputs, inputs)).astype(np.int8)
        scale, extra = np.full(outputs, 0.01, np.float32), np.zeros(outputs, np.float32)
        return {"inputs": inputs, "weights": base64_of(weights), "scale": base64_of(scale)} | {
            "bias": base64_of(extra) if bias else None
        }

    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs="
    kinds = (("picture", 1), ("picture", 1), ("clip", 2), ("clip", 2))
    return {
        "columns": columns,
        "classes": ["bird", "boat"],
        "chips": ["owl", "ship"],
        "words": ["owl", "ship"],
        "sure": 0.5,
        "right among ten": {"before": 0.1, "after": 0.5},
        "prior": base64_of(source.normal(size=(2, dim)).astype(np.float32)),
        "encoders": {w: [layer(columns, hidden, True), layer(hidden, dim, False)] for w in ("before", "after")},
        "vectors": {w: base64_of(source.integers(-127, 128, (4, dim)).astype(np.int8)) for w in ("before", "after")},
        "items": [
            {"medium": medium, "label": i % 2, "title": f"thing {i}", "picture": pixel, "frames": frames}
            for i, (medium, frames) in enumerate(kinds)
        ],
    }


@pytest.fixture
def example():
    """The data that a figure is given in these tests; most need none."""
    grams = ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, -0.6, -0.2], [-0.6, 1, -0.4], [-0.2, -0.4, 1]])
    frames = [{"epoch": epoch, "gram": gram} for epoch, gram in zip((0, 9), grams, strict=True)]
    small = {
        "train": result("live-numbers"),
        "search": small_search(),
        "repulsion": {"classes": ["bird", "boat", "bug"], "frames": frames},
    }
    return small.get
