"""Many models fitted at once, as one stack: what each would learn alone, in less time."""

from .fit import fit_many
from .steps import replayed

__all__ = ["fit_many", "replayed"]
