"""drcl_mini: Deep Reversible Consistency Learning (DRCL) for cross-modal retrieval, small and readable.

The modules read in the order the data flow: ``data``, ``datasets``, ``encoder``, ``prior``, ``recasting``,
``augmentation``, ``losses``, ``consistency``, ``training``, ``estimator``, ``metrics``, ``evaluation``, ``search``.
"""

from .batch import fit_many
from .data import MultimodalDataset, Split
from .datasets import available_datasets, load_dataset
from .encoder import Encoder
from .estimator import DRCL
from .evaluation import Evaluation, evaluate
from .metrics import average_precision, mean_average_precision, precision_at_k, precision_recall
from .search import Neighbours, nearest_neighbours
from .settings import Settings, released_settings
from .training import TrainingDiverged

__version__ = "0.1.0"

__all__ = [
    "DRCL",
    "Encoder",
    "Evaluation",
    "MultimodalDataset",
    "Neighbours",
    "Settings",
    "Split",
    "TrainingDiverged",
    "available_datasets",
    "average_precision",
    "evaluate",
    "fit_many",
    "load_dataset",
    "mean_average_precision",
    "nearest_neighbours",
    "precision_at_k",
    "precision_recall",
    "released_settings",
]
