"""Data sets, kept once they are loaded, and what tells them apart."""

from functools import cache, lru_cache

from ...data.fingerprint import fingerprint
from ...data.load import load_dataset

dataset = lru_cache(maxsize=4)(load_dataset)


@cache
def digest(name: str) -> str:
    """Eight digits that depend on every feature and every label of a data set's splits.

    Example:
        >>> len(digest("digits-halves"))
        8
    """
    data = dataset(name)
    return fingerprint({part: getattr(data, part) for part in ("train", "validation", "test")})
