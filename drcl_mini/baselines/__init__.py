"""The methods that DRCL is compared with, one file each, all with DRCL's manners: fit, transform, evaluate."""

from .base import Baseline
from .pairing import class_pairs

__all__ = ["Baseline", "class_pairs"]
