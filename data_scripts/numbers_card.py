"""What the card of ``numbers`` says of each medium: where it comes from, and under which terms."""

from typing import Any

from drcl_mini.core.checks import require

from . import numbers_handwriting, numbers_signs, numbers_words
from .identity import file_id
from .networks import PACKAGES
from .numbers_medium import PARTS, Medium
from .spoken_digits import TREE, URL

UCI = "from UCI's Machine Learning Repository, which asks to be cited"
SOURCES: dict[str, dict[str, Any]] = {
    "writing": {
        "what": "handwritten digits, scanned, 16 × 16 pixels, black or white",
        "source": numbers_handwriting.WRITING[0],
        "content_id": numbers_handwriting.WRITING[1],
        "licence": "PDDL-1.0",
        "licence_files": ["PDDL-1.0.txt"],
        "licence_note": f"stated by the copy (datasets/openml-datasets); the data are {UCI}",
        "attribution": "Semeion Handwritten Digit, Semeion Research Center of Sciences of Communication, Rome, and "
        "Tattile, Brescia; UCI Machine Learning Repository",
        "changes": "100 of each digit",
        "features": "histograms of oriented gradients",
    },
    "pen": {
        "what": "movements of a pen that wrote a digit on a tablet, 8 points in the order drawn",
        "source": numbers_handwriting.PEN[0],
        "content_id": numbers_handwriting.PEN[1],
        "licence": "CC-BY-4.0",
        "licence_files": ["CC-BY-4.0.txt", "PDDL-1.0.txt"],
        "licence_note": f"the copy (datasets/openml-datasets) states PDDL-1.0; the data are {UCI}, with CC BY 4.0",
        "attribution": "E. Alpaydin, F. Alimoglu, Pen-Based Recognition of Handwritten Digits, UCI Machine Learning "
        "Repository, 1998, doi 10.24432/C5MG6K, CC BY 4.0",
        "changes": "100 of each digit",
        "features": "points and directions",
    },
    "sign": {
        "what": "photographs of hands that show a digit, 100 × 100 pixels",
        "source": numbers_signs.BASE,
        "licence": "Apache-2.0",
        "licence_files": ["Apache-2.0.txt"],
        "attribution": "Copyright 2017 Arda Mavi, Sign Language Digits Dataset (arXiv 2011.08927); by students of "
        "Turkey Ankara Ayrancı Anadolu High School",
        "changes": f"100 of each digit; JPEG of quality {numbers_signs.QUALITY}, without what cameras wrote into it",
        "features": "EfficientNet-Lite0, 1280 numbers before its classes, rounded to 2 digits",
        "classic": "histograms of oriented gradients, colours of 16 fields",
    },
    "speech": {
        "what": "recordings of spoken English digits, 8 kHz",
        "source": URL,
        "content_id": f"git tree {TREE} of its recordings",
        "licence": "CC-BY-SA-4.0",
        "licence_files": ["CC-BY-SA-4.0.txt"],
        "attribution": "Z. Jackson et al., Free Spoken Digit Dataset "
        "v1.0.8, Zenodo, 2018, doi 10.5281/zenodo.1342401, CC BY-SA 4.0",
        "changes": "100 of each digit; as FLAC",
        "features": "speech embedding (openwakeword's copy), mean and deviation, rounded to 2 digits",
        "classic": "MFCC, mean and deviation",
    },
    "word": {
        "what": "number words of 87 languages and regions",
        "source": numbers_words.BASE,
        "licence": "Unicode-3.0",
        "licence_files": ["Unicode-3.0.txt"],
        "attribution": "Copyright © 2004-2026 Unicode, Inc.: CLDR 48.2.0, rules that spell numbers out",
        "changes": "the words for 0 to 9",
        "features": "hashed pieces of words",
    },
}

MANIFESTS = {"sign": numbers_signs.MANIFEST, "word": numbers_words.MANIFEST}


def encoders() -> dict[str, str]:
    """Versions of the encoders of JPEG and FLAC: others may write other bytes for the same items."""
    pillow, soundfile = require("PIL.features", "pillow"), require("soundfile")
    return {"libjpeg-turbo": pillow.version("libjpeg_turbo"), "libsndfile": soundfile.__libsndfile_version__}


def card(media: dict[str, Medium], widths: dict[str, dict[str, int]], seed: int) -> dict[str, Any]:
    """The card as plain values: parts with sources, licences and counts; networks; how the splits were made."""
    parts = {}
    for name, medium in media.items():
        own = dict(SOURCES[name])
        if listed := MANIFESTS.get(name):
            told = f"git ids of the files, in data_scripts/{listed.name} (git blob {file_id(listed)})"
            own["content_id"] = told
        counts = {part: int((medium.part == number).sum()) for number, part in enumerate(PARTS)}
        parts[name] = {**own, "items": len(medium.labels), "split": counts, "dimensions": widths[name]}
    return {
        "name": "numbers",
        "title": "Ten digits in five media, all recorded from people",
        "made_by": "python -m data_scripts numbers",
        "licences": "each part has its own; the texts are in licences/",
        "paired": "no: nobody wrote, showed, said or spelled the same thing",
        "seed": seed,
        "parts": parts,
        "encoders": encoders(),
        "networks": {"packages": PACKAGES, "note": "read for the features of sign and speech; not shipped"},
    }
