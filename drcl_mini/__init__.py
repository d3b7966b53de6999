"""Deep Reversible Consistency Learning (DRCL) for cross-modal retrieval, small and readable.

The folders, each of which imports only from those before it: ``core`` (checks, devices, files),
``data``, ``retrieval`` (metrics, search), ``training`` (settings, batches and what else stands
around a loop), ``method`` (DRCL itself, in the order of the paper), ``many`` (many models at once),
``baselines`` (compared methods), ``experiments`` (benchmarks), ``speed``, ``embed`` (your own
pictures, texts and sounds), ``app`` (the command line).
"""

from .core.version import __version__ as __version__
from .data.dataset import MultimodalDataset
from .data.folds import folds
from .data.load import available_datasets, load_dataset
from .data.shipped import load_collection
from .data.split import Split
from .many.fit import fit_many
from .method.encoder import Encoder
from .method.estimator import DRCL
from .retrieval.evaluation import Evaluation, evaluate
from .retrieval.metrics import (
    average_precision,
    mean_average_precision,
    precision_at_k,
    precision_recall,
)
from .retrieval.search import Neighbours, nearest_neighbours
from .training.settings import Settings, released_settings
from .training.watch import TrainingDiverged

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
    "folds",
    "load_collection",
    "load_dataset",
    "mean_average_precision",
    "nearest_neighbours",
    "precision_at_k",
    "precision_recall",
    "released_settings",
]
