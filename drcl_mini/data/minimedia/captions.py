"""Captions: a small grammar with synonyms, words that relatives share, and distractors."""

import re

import numpy as np

from .world import KINDS, PLACES, SHARED, Kind

OPENERS = ("", "here", "look,", "today", "once again", "in the evening", "suddenly", "as always")
LINKS = ("near", "beside", "behind", "not far from", "together with")
OWN, PAIR = 0.3, 0.4
"""Chance that a word is the class's own, and that it is its pair's; otherwise it is its branch's."""
AT_HOME = 0.6
"""Chance that the place is surely one of the branch's; otherwise it is any."""
DISTRACTED = 0.6
"""Chance that a caption mentions something else as well."""


def captions(labels: np.ndarray, source: np.random.Generator) -> list[str]:
    """A caption for each class index.

    Example:
        >>> captions(np.array([0]), np.random.default_rng(3))
        ['suddenly a warm cat runs in the garden not far from a strong snow']
    """
    return [_caption(KINDS[label], source) for label in labels]


def _caption(kind: Kind, source: np.random.Generator) -> str:
    def pick(words: str) -> str:
        options = words.split()
        return options[source.integers(len(options))]

    def word(part: int) -> str:
        level = source.random()
        if level < OWN:
            return pick((kind.nouns, kind.adjectives, kind.verbs)[part])
        return pick(SHARED[kind.pair if level < OWN + PAIR else kind.branch][part])

    opener = OPENERS[source.integers(len(OPENERS))]
    where = kind.branch if source.random() < AT_HOME else KINDS[source.integers(len(KINDS))].branch
    place = ("in", "by", "near")[source.integers(3)] + " the " + pick(PLACES[where])
    text = f"{opener} a {word(1)} {word(0)} {word(2)} {place}"
    if source.random() < DISTRACTED:
        other = KINDS[source.integers(len(KINDS))]
        link = LINKS[source.integers(len(LINKS))]
        text += f" {link} a {pick(SHARED[other.branch][1])} {pick(other.nouns + ' ' + SHARED[other.pair][0])}"
    return re.sub(r"\ba (?=[aeiou])", "an ", text.strip())
