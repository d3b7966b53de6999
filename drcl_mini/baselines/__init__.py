"""The methods that DRCL is compared with, one file each, all with DRCL's manners: fit, transform, evaluate."""

from .base import Baseline
from .fixed_prior import FixedPrior
from .gma import GMA
from .gss_sl import GSSSL
from .mcca import MCCA
from .mvda import MvDA, MvDAVC
from .pairing import class_pairs
from .pls import PLS
from .sm import SM

__all__ = ["GMA", "GSSSL", "MCCA", "PLS", "SM", "Baseline", "FixedPrior", "MvDA", "MvDAVC", "class_pairs"]
