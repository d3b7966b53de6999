"""``python -m drcl_mini page``: a page in which a person searches the items of a data set."""

import argparse
import base64
import html
import json
import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..core.files import check_replaceable, replacing
from ..data.load import load_dataset
from ..method.estimator import DRCL
from .gallery import gallery

MOST_INLINE = 4_800_000
"""Bytes of a page that holds everything itself; a larger gallery has its items beside the page."""

ENDINGS = {"audio/mpeg": "mp3", "audio/wav": "wav", "image/svg+xml": "svg"}
"""How files of a media type end; other pictures as their type is called."""

PARTS = ("page.html", "page.css", "search.js", "page.js")


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    told = "write a page in which a person searches the items of a data set"
    parser = commands.add_parser("page", help=told)
    add = parser.add_argument
    add("dataset", help="data set, or the path of an .npz that embed wrote")
    trained = "the trained model that run saved (default: train one, and keep it beside the page)"
    add("--model", type=Path, metavar="FILE.safetensors", help=trained)
    add("--out", type=Path, default=Path("search.html"), metavar="FILE.html", help="the page")
    add("--title", help="headline of the page (default: the name of the data set)")


def page(options: argparse.Namespace) -> int:
    """Train a model where none is given, and write the page."""
    if options.out.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--out is {str(options.out)!r}, expected a file that ends in .html")
    check_replaceable(options.out)
    beside_it = options.out.with_suffix(".safetensors")
    if not options.model and beside_it.exists():
        told = f"give it by --model {shlex.quote(str(beside_it))}, or move it away"
        raise ValueError(f"{str(beside_it)!r} is there, and would be replaced: {told}")
    data = load_dataset(options.dataset)
    if options.model:
        model = DRCL.load(options.model)
    else:
        print(f"training DRCL on {data.train!r}")
        model = DRCL().fit(data.train, data.validation)
        print(f"model: {model.save(beside_it)}")
    beside: dict[str, bytes] = {}
    found = gallery(data, model, _keeping(beside))
    found["title"] = options.title or f"Search {data.name}"
    folder = write_page(options.out, found, beside)
    told = f", items in {folder}" if folder else ", which holds everything itself"
    count = sum(len(medium["labels"]) for medium in found["media"])
    print(f"{options.out}: {count} items, {_size(options.out)}{told}")
    return 0


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def _keeping(beside: dict[str, bytes]) -> Any:
    """Keeps bytes under a name of a file, which it returns."""

    def store(kind: str, content: bytes) -> str:
        name = f"{len(beside):06}.{ENDINGS.get(kind, kind.rpartition('/')[2])}"
        beside[name] = content
        return name

    return store


def write_page(out: Path, found: dict[str, Any], beside: dict[str, bytes]) -> Path | None:
    """The page; where it would be large, a folder beside it for the items, which is returned."""
    text = json.dumps(found)
    size = len(text) + sum(4 * len(content) / 3 for content in beside.values())
    if size <= MOST_INLINE:
        for medium in found["media"]:
            if medium["kind"] != "text":
                medium["shown"] = [_inline(name, beside[name]) for name in medium["shown"]]
        script = f"<script>window.GALLERY = {_script(found)};</script>"
        _write(out, found["title"], script)
        return None
    folder = out.with_name(f"{out.stem}_files")
    folder.mkdir(parents=True, exist_ok=True)
    for medium in found["media"]:
        if medium["kind"] != "text":
            medium["shown"] = [f"{quote(folder.name)}/{name}" for name in medium["shown"]]
    for name, content in beside.items():
        (folder / name).write_bytes(content)
    (folder / "gallery.js").write_text(f"window.GALLERY = {_script(found)};\n", encoding="utf-8")
    _write(out, found["title"], f'<script src="{quote(folder.name)}/gallery.js"></script>')
    return folder


def _inline(name: str, content: bytes) -> str:
    ending = name.rpartition(".")[2]
    kinds = {own: kind for kind, own in ENDINGS.items()}
    media_type = kinds.get(ending, f"image/{ending}")
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _script(found: dict[str, Any]) -> str:
    """JSON that can stand in a script: no text of an item can end the script."""
    return json.dumps(found).replace("<", "\\u003c")


def _write(out: Path, title: str, script: str) -> None:
    parts = {name: (files(__package__) / name).read_text("utf-8") for name in PARTS}
    template = parts.pop("page.html")
    parts |= {"title": html.escape(title), "gallery": script}
    whole = re.sub(r"{{([\w.]+)}}", lambda found: parts[found[1]], template)
    with replacing(out) as temporary:
        temporary.write_text(whole, encoding="utf-8")
