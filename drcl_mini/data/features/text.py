"""Features of words and texts without a network, the same for any language and in a web page."""

import re
from collections.abc import Iterable, Iterator

import numpy as np

COLUMNS = 1024
LONGEST = 3
"""Most characters of a piece of a word."""
BETWEEN = re.compile(r"[\s!-/:-@\[-`{-~]+")
"""What parts words: white space and ASCII punctuation; accents and vowel signs belong to words."""


def text_features(texts: Iterable[str]) -> np.ndarray:
    """Counts of words and pieces of words, hashed into 1024 columns: float32 (n, 1024), unit rows.

    A piece t is counted in column abs(h(t)) mod 1024 with the sign of h(t), where h is MurmurHash3
    of its UTF-8 bytes (32 bits, seed 0, signed): there is no vocabulary to keep, and a few lines of
    any language do it again. A text without words is a row of zeros.

    Args:
        texts: n words or texts.

    Raises:
        ValueError: something else than texts.

    Example:
        >>> one, two, other = text_features(["Sieben", "sieben!", "eight"])
        >>> float(one @ two).__round__(2), bool(one @ other < 0.3)
        (1.0, True)
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = list(texts)
    wrong = next((text for text in texts if not isinstance(text, str)), "")
    if not isinstance(wrong, str):
        raise ValueError(f"expected texts, got {type(wrong).__name__} {wrong!r}")
    if not texts:
        return np.zeros((0, COLUMNS), np.float32)
    hashing = HashingVectorizer(n_features=COLUMNS, analyzer=_list_of_pieces, dtype=np.float64)
    return hashing.transform(texts).toarray().astype(np.float32)


def pieces(text: str) -> Iterator[str]:
    """The words of a text in lower case, and all their pieces of 1 to 3 characters.

    A word is taken with a space in front and behind, so that its beginning and its end count.

    Example:
        >>> list(pieces("No!"))
        [' no ', 'n', 'o', ' n', 'no', 'o ', ' no', 'no ']
    """
    for word in BETWEEN.split(text.lower()):
        if word:
            whole = f" {word} "
            yield whole
            yield from word
            for length in range(2, LONGEST + 1):
                yield from (whole[i : i + length] for i in range(len(whole) - length + 1))


def _list_of_pieces(text: str) -> list[str]:
    return list(pieces(text))
