"""Hand signs of the ten digits: photographs by students of a school in Ankara, who took turns."""

import io
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np

from drcl_mini.core.checks import require

from .download import fetch
from .numbers_medium import COUNTS, DIGITS, PARTS, Medium
from .readers import ConversionError

BASE = (
    "https://raw.githubusercontent.com/ardamavi/Sign-Language-Digits-Dataset/4b09433ef9d5c60602e8805bb54b8aa2428527f8"
)
MANIFEST = Path(__file__).with_name("numbers_signs.txt")
"""The photographs used, in the order of their numbers, and their git ids; :func:`choose` chose them."""
BLOCK = 5
"""Neighbouring signers that go to one split together; the next one is left out."""
SIZE = (100, 100)
QUALITY = 80
"""Of JPEG, up to 95; the originals have about 97."""


def choose(places: Iterable[str], seed: int) -> list[str]:
    """Which photographs to use: 100 signers in blocks of five, each with all ten digits.

    The numbers of the files run on from signer to signer, each of whom shows 0 to 9 in turn. Only turns
    without a gap, a repetition or another order are used: of some others the label is wrong. Between
    neighbouring blocks one signer is left out.

    Args:
        places: all files of 100 × 100 pixels, as ``<digit>/IMG_<number>.JPG``.
        seed: which blocks.
    """
    taken = sorted((int(place.split("_")[1].split(".")[0]), int(place[0]), place) for place in places)
    starts = [i for i, ((_, before, _), (_, digit, _)) in enumerate(pairwise(taken), 1) if digit <= before - 5]
    turns = [taken[start:stop] for start, stop in pairwise([0, *starts, len(taken)])]
    whole = [turn for turn in turns if [digit for _, digit, _ in turn] == list(range(DIGITS))]
    blocks = [whole[start : start + BLOCK] for start in range(0, len(whole) - BLOCK + 1, BLOCK + 1)]
    wanted = sum(COUNTS.values()) // BLOCK
    chosen = np.sort(np.random.default_rng(seed).permutation(len(blocks))[:wanted])
    return [place for index in chosen for turn in blocks[index] for _, _, place in turn]


def signs(seed: int) -> Medium:
    """JPEG files of 100 × 100 pixels, packed more tightly than the originals; 100 of each digit.

    100 signers show each digit once. A block of five neighbouring signers is in one split.
    """
    found = manifest()
    names = [name for name, _ in found]
    items = [small(fetch(f"{BASE}/Dataset/{name}", expected).read_bytes(), name) for name, expected in found]
    block = np.arange(len(names)) // (BLOCK * DIGITS)
    shares = np.repeat(np.arange(len(PARTS)), [COUNTS[part] // BLOCK for part in PARTS])
    part = np.random.default_rng(seed).permutation(shares)[block]
    labels = np.array([int(name[0]) for name in names])
    group = [f"signers {1 + BLOCK * own} to {BLOCK * (own + 1)}" for own in block]
    title = [f"{name[0]} ({name.split('/')[1].split('.')[0]})" for name in names]
    order = np.lexsort([labels, part])
    pick = [[some[row] for row in order] for some in (items, group, title)]
    return Medium(pick[0], labels[order], part[order], pick[1], pick[2])


def manifest() -> list[tuple[str, str]]:
    """Names and git ids of the photographs used."""
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split()) for line in lines]


def small(content: bytes, name: str) -> np.ndarray:
    """A photograph as a smaller JPEG file with its colour profile, without what the camera wrote: uint8 (n,).

    The pixels change by less than an eye sees (by 2 of 255 in the mean), the size by half. Other versions
    of the encoder may give other bytes.

    Raises:
        ConversionError: no picture, or not of 100 × 100 pixels.
    """
    image = require("PIL.Image", "pillow")
    file = io.BytesIO()
    try:
        with image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
            if picture.size != SIZE:
                raise ConversionError(f"{name} has {picture.size} pixels, expected {SIZE}")
            profile = picture.info.get("icc_profile")
            picture.save(file, "JPEG", quality=QUALITY, optimize=True, progressive=True, icc_profile=profile)
    except OSError as error:
        raise ConversionError(f"{name} is no JPEG file: {error}") from None
    return np.frombuffer(file.getvalue(), np.uint8)
