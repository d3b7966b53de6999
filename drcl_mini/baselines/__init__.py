"""The methods that DRCL is compared with, one file each; all have fit, transform and evaluate."""

from .acmr import ACMR
from .base import Baseline
from .dcca import DCCA
from .dccae import DCCAE
from .deep_sm import DeepSM
from .dscmr import DSCMR
from .fgcrossnet import FGCrossNet
from .fixed_prior import FixedPrior
from .gma import GMA
from .gss_sl import GSSSL
from .info_nce import InfoNCE
from .joint_prior import JointPrior
from .mars import MARS
from .mcca import MCCA
from .mrl import MRL
from .mvda import MvDA, MvDAVC
from .pairing import class_pairs
from .pls import PLS
from .proxy_anchor import ProxyAnchor
from .sdml import SDML
from .sm import SM
from .smln import SMLN
from .spl_alone import SPLAlone, SPLEncoders
from .supcon import SupCon

__all__ = [
    "ACMR",
    "DCCA",
    "DCCAE",
    "DSCMR",
    "GMA",
    "GSSSL",
    "MARS",
    "MCCA",
    "MRL",
    "PLS",
    "SDML",
    "SM",
    "SMLN",
    "Baseline",
    "DeepSM",
    "FGCrossNet",
    "FixedPrior",
    "InfoNCE",
    "JointPrior",
    "MvDA",
    "MvDAVC",
    "ProxyAnchor",
    "SPLAlone",
    "SPLEncoders",
    "SupCon",
    "class_pairs",
]
