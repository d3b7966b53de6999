"""A small collection of pictures, texts and sounds, and pages of it."""

import csv

import numpy as np
import pytest
import soundfile
from PIL import Image

from drcl_mini import DRCL, load_dataset
from drcl_mini.app.cli import main

COLOURS = {"cherry": (200, 0, 30), "leaf": (20, 150, 30), "sky": (40, 90, 220)}


def draw(path, colour, seed):
    """A picture of 40 × 30 pixels, nearly in one colour."""
    noise = np.random.default_rng(seed).integers(-20, 20, size=(30, 40, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8)).save(path)


def play(path, pitch, seconds=0.3, rate=8000):
    """A tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate), rate)


def write_table(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        names = ["file", "text", "class", "split", "modality", "title", "group"]
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def collection(tmp_path):
    """A folder with a table of 24 pictures, 24 texts and 12 sounds of three classes; the rows of the table."""
    folder = tmp_path / "mine"
    rows = []
    for number, (name, colour) in enumerate(COLOURS.items()):
        for i in range(8):
            draw(folder / "pictures" / f"{name}{i}.png", colour, i)
            rows.append({"file": f"pictures/{name}{i}.png", "class": name, "title": f"picture {i} of a {name}"})
            rows.append({"text": f"{name} number {i}", "class": name})
        for i in range(4):
            play(folder / "sounds" / f"{name}{i}.wav", 200 + 300 * number + 5 * i)
            rows.append({"file": f"sounds/{name}{i}.wav", "class": name})
    write_table(folder / "words.csv", rows)
    return folder, rows


@pytest.fixture
def files(tmp_path):
    """Makes empty files in a folder."""

    def create(*names):
        for name in names:
            path = tmp_path / "mine" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "mine"

    return create


@pytest.fixture
def embed(tmp_path):
    """Run the command on a folder and its table; gives the exit code."""

    def run(folder, *options, table="words.csv", out="mine.npz"):
        named = ["--table", str(folder / table)] if table else []
        return main(["embed", str(folder), *named, "--out", str(tmp_path / out), *options])

    return run


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the module's data file and model are."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def mine(kept, collection, embed, tmp_path):
    """The data file and a model of it, made once."""
    if not (kept / "m.safetensors").exists():
        assert embed(collection[0]) == 0
        (tmp_path / "mine.npz").rename(kept / "mine.npz")
        data = load_dataset(kept / "mine.npz")
        settings = {"hidden": (32,), "dim": 16, "prior_epochs": 20, "epochs": 20, "device": "cpu", "progress": False}
        DRCL(**settings).fit(data.train, data.validation).save(kept / "m.safetensors")
    return kept / "mine.npz", kept / "m.safetensors"


@pytest.fixture
def make(mine, tmp_path):
    """Write a page; gives its path."""

    def write(*options, name="search.html"):
        path, model = mine
        out = tmp_path / name
        assert main(["page", str(path), "--model", str(model), "--out", str(out), *options]) == 0
        return out

    return write


@pytest.fixture
def visit(browser):
    """Open a page of a file without a network; complaints of the page fail the test."""
    pages, wrong = [], []

    def go(path, **context):
        page = browser.new_context(offline=True, **context).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto(path.as_uri())
        return page

    yield go
    for page in pages:
        page.context.close()
    assert wrong == []
