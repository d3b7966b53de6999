"""The tree of classes and the concepts under it, read from ``tree.txt``."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import NamedTuple

LEVELS = ("groups", "classes", "fine")


class Concept(NamedTuple):
    """A thing, where it stands in the tree, and which emoji, drawings and models show it."""

    name: str
    path: tuple[str, str, str]
    """Its group, class and finer class."""
    emoji: tuple[str, ...]
    drawings: tuple[str, ...]
    """Names of OpenClipart files, with ``*``."""
    models: tuple[str, ...]
    """Folder and name of Quaternius models, with ``*``."""


@cache
def concepts() -> tuple[Concept, ...]:
    """All concepts, in the order of the table.

    Raises:
        ValueError: a name, an emoji or a pattern stands there twice.
    """
    found = list(parse(files(__package__).joinpath("tree.txt").read_text(encoding="utf-8")))
    for field in ("name", "emoji", "drawings", "models"):
        values = [getattr(concept, field) for concept in found]
        flat = values if field == "name" else [value for several in values for value in several]
        twice = sorted({value for value in flat if flat.count(value) > 1})
        if twice:
            raise ValueError(f"the table of things has a {field} twice: {', '.join(twice)}")
    return tuple(found)


def parse(text: str) -> Iterator[Concept]:
    """The concepts of a table; its head says how it is written.

    Example:
        >>> first, *_ = parse('''== animals
        ... = bird
        ... - land birds
        ... crow: 🐦 crow_* @Crow''')
        >>> first.path, first.drawings, first.models
        (('animals', 'bird', 'land birds'), ('crow_*',), ('*/Crow',))
    """
    path: list[str] = []
    for line in text.replace("\n  ", " ").splitlines():
        mark, _, rest = line.partition(" ")
        depth = ("==", "=", "-").index(mark) if mark in ("==", "=", "-") else None
        if depth is not None:
            path = [*path[:depth], rest]
        elif line and mark != "#":
            name, _, words = line.partition(":")
            emoji, drawings, models = [], [], []
            for word in words.split():
                if word.startswith("@"):
                    models.append(word[1:] if "/" in word else f"*/{word[1:]}")
                else:
                    (drawings if word.isascii() else emoji).append(word if word.isascii() else emoji_key(word))
            yield Concept(name, tuple(path), tuple(emoji), tuple(drawings), tuple(models))


def emoji_key(emoji: str) -> str:
    r"""An emoji's code points as files are named by, without the one that asks for a coloured picture.

    Example:
        >>> emoji_key("\u2600\ufe0f")
        '2600'
    """
    return "-".join(f"{ord(char):x}" for char in emoji if ord(char) != 0xFE0F)


def by_emoji() -> dict[str, Concept]:
    """The concept of each emoji."""
    return {key: concept for concept in concepts() for key in concept.emoji}


def concept_of(name: str, field: str) -> Concept | None:
    """The one concept of which a pattern fits a drawing's or a model's name; an exact name goes first.

    Raises:
        ValueError: two concepts claim it.
    """
    exact = [concept for concept in concepts() if name in getattr(concept, field)]
    fitting = [concept for concept in concepts() if any(fnmatchcase(name, p) for p in getattr(concept, field))]
    chosen = exact or fitting
    if len(chosen) > 1:
        raise ValueError(f"{name} fits {', '.join(concept.name for concept in chosen)}")
    return chosen[0] if chosen else None
