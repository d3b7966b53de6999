"""Captions: a small grammar with synonyms, words that relatives share, and distractors."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from .world import KINDS, PLACES, SHARED, Kind

OPENERS = ("", "here", "look,", "today", "once again", "in the evening", "suddenly", "as always")
LINKS = ("near", "beside", "behind", "not far from", "together with")
OWN, PAIR = 0.3, 0.4
"""Chances that a word is of the class and of the pair; otherwise it is of the branch."""
AT_HOME = 0.6
"""Chance that the place is one of the branch's; otherwise it is one of a random class's."""
DISTRACTED = 0.6
"""Chance that a caption mentions something else as well."""


def captions(labels: np.ndarray, source: np.random.Generator) -> list[str]:
    """One caption for each class index.

    Example:
        >>> captions(np.array([0]), np.random.default_rng(3))
        ['suddenly a warm cat runs in the garden not far from a strong snow']
    """
    return [_caption(KINDS[label], source) for label in labels]


def _caption(kind: Kind, source: np.random.Generator) -> str:
    def pick(options: Sequence) -> Any:
        return options[source.integers(len(options))]

    def word(part: int) -> str:
        level = source.random()
        if level < OWN:
            words = (kind.nouns, kind.adjectives, kind.verbs)
        else:
            words = SHARED[kind.pair if level < OWN + PAIR else kind.branch]
        return pick(words[part].split())

    opener = pick(OPENERS)
    home = kind if source.random() < AT_HOME else pick(KINDS)
    near = pick(("in", "by", "near"))
    place = pick(PLACES[home.branch].split())
    text = f"{opener} a {word(1)} {word(0)} {word(2)} {near} the {place}"
    if source.random() < DISTRACTED:
        other = pick(KINDS)
        link = pick(LINKS)
        adjective = pick(SHARED[other.branch][1].split())
        noun = pick(f"{other.nouns} {SHARED[other.pair][0]}".split())
        text += f" {link} a {adjective} {noun}"
    return re.sub(r"\ba (?=[aeiou])", "an ", text.strip())
