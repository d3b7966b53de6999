"""Where the things come from: packages of npm, PyPI and Debian, and models from one repository, all pinned."""

import html
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import NamedTuple

from ..download import fetch
from ..packages import fetch as fetch_package
from ..packages import read_members
from .tree import Concept, by_emoji, concept_of


class Package(NamedTuple):
    """A package: its kind, its name, one version, and the SHA-256 of its file."""

    kind: str
    name: str
    version: str
    sha256: str


FLUENT = Package(
    "npm", "@lobehub/fluent-emoji-3d", "1.1.0", "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"
)
ANIMATED = tuple(
    Package("npm", f"@lobehub/fluent-emoji-anim-{number}", "1.0.0", sha256)
    for number, sha256 in enumerate(
        (
            "4c03ac178c1eabf2e2a16dd498f3cc2b92dc30ec3466ae38fdc497d4774c99ea",
            "e431da8172e394036c330faa77648d6fbbae1fd3b0be95637c4497c9075019c0",
            "3624d0c34c819c1794b74ccf6ae9034adff7c4cb6318dd2a645145f0196feb43",
            "3d4c08f1e321f70808ef4996aba0ab575a9d97b6c56ffffc92cf6161a7836aa3",
        ),
        start=1,
    )
)
OPENMOJI = Package("npm", "openmoji", "17.0.0", "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68")
EMOJIBASE = Package(
    "npm", "emojibase-data", "17.0.0", "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a"
)
OPENCLIPART = Package(
    "debian", "openclipart-svg", "1:0.18+dfsg-19", "989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5"
)
QUATERNIUS = "https://raw.githubusercontent.com/trebeljahr/quaternius-showcase/eab2e43a7e688dad1cc6be764c1c4ba593e1961c"
"""Models are at ``public/glb/<pack>/<name>.glb``; ``models.txt`` has the git id of each."""
FOLDERS = (
    *("animals", "buildings", "containers", "electronics", "food", "geography/astronomy", "office", "people/clothing"),
    *("plants", "recreation/music", "recreation/toys", "science/astronomy", "signs_and_symbols/weather", "tools"),
    *("transportation", "unsorted"),
)
"""Folders of OpenClipart, in the order in which a name that stands in several of them is looked up."""
PUBLIC_DOMAIN = ("http://web.resource.org/cc/PublicDomain", "http://creativecommons.org/licenses/publicdomain/")
CODE_POINTS = re.compile(r"/([0-9a-f-]+)\.(?:webp|svg)$", re.IGNORECASE)


class Found(NamedTuple):
    """A thing as its source has it: what it is, what it is called there, its words, its bytes."""

    concept: Concept
    name: str
    words: tuple[str, ...]
    content: bytes


def members(package: Package, pattern: str) -> dict[str, bytes]:
    """The files of a package whose names a pattern with ``*`` fits."""
    return read_members(fetch_package(*package), lambda name: fnmatchcase(name, pattern))


def emoji(package: Package, pattern: str) -> dict[str, bytes]:
    """A package's files of the emoji that the tree knows, by code points, in the tree's order."""
    known = by_emoji()
    chosen = {}
    for name, content in read_members(fetch_package(*package), lambda name: _key(name, pattern) in known).items():
        chosen[_key(name, pattern)] = content
    return {key: chosen[key] for key in known if key in chosen}


def _key(name: str, pattern: str) -> str:
    """The code points in a file's name, as the tree writes them; empty for other files."""
    found = CODE_POINTS.search(name) if fnmatchcase(name, pattern) else None
    return found[1].lower().replace("-fe0f", "") if found else ""


def emoji_words() -> dict[str, tuple[str, ...]]:
    """English name and tags of each emoji, by code points."""
    (content,) = members(EMOJIBASE, "package/en/data.json").values()
    entries = json.loads(content)
    return {
        entry["hexcode"].lower().replace("-fe0f", ""): (entry["label"], *entry.get("tags", [])) for entry in entries
    }


def openclipart() -> Iterator[Found]:
    """OpenClipart's drawings that the tree knows and that are marked as public domain, by folder and name."""
    found = {}
    for name, content in members(OPENCLIPART, "usr/share/openclipart/svg/*.svg").items():
        folder, _, stem = name.removeprefix("usr/share/openclipart/svg/").removesuffix(".svg").rpartition("/")
        place = next((i for i, top in enumerate(FOLDERS) if f"{folder}/".startswith(f"{top}/")), None)
        if place is not None and "roadsigns" not in folder and "weapons" not in folder:
            found.setdefault(stem, []).append((place, folder, content))
    for stem in sorted(found):
        _, _, content = min(found[stem])
        concept = concept_of(stem, "drawings")
        text = content.decode("utf-8", "replace")
        if concept and any(mark in text for mark in PUBLIC_DOMAIN):
            yield Found(concept, stem, _words(text), content)


def _words(text: str) -> tuple[str, ...]:
    """Title and keywords of a drawing."""
    title = re.findall(r"<dc:title>\s*(.*?)\s*</dc:title>", text, re.DOTALL)[:1]
    keywords = re.findall(r"<rdf:li>\s*(.*?)\s*</rdf:li>", text, re.DOTALL)
    return tuple(html.unescape(html.unescape(word)) for word in [*title, *keywords])


def models() -> Iterator[Found]:
    """The models that the tree knows, by pack and name."""
    for line in files(__package__).joinpath("models.txt").read_text(encoding="utf-8").splitlines():
        expected, place = line.split()
        name = place.removesuffix(".glb").removesuffix("-transformed")
        if concept := concept_of(name, "models"):
            path = fetch(f"{QUATERNIUS}/public/glb/{place}", expected)
            yield Found(concept, name, (), path.read_bytes())
