"""The released Wikipedia prior and its pseudo-inverse: ``python book/experiments/recasting.py`` writes ``recasting.json``.

First fetch the authors' files, 8 MB:  python -m data_scripts released-outputs wikipedia-classic
"""

import numpy as np
from result_file import store

from drcl_mini import load_dataset
from drcl_mini.data.load import load_released_outputs

COMMAND = (
    "python -m data_scripts released-outputs wikipedia-classic"
    " && python book/experiments/recasting.py"
)


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def released() -> dict:
    """The released Wikipedia prior and its pseudo-inverse."""
    prior = load_released_outputs().prior.astype(float)
    inverse = np.linalg.pinv(prior)
    columns, rows = unit(prior.T), unit(inverse)
    return {
        "classes": list(load_dataset("wikipedia-classic").classes),
        "singular values": np.linalg.svd(prior)[1].round(4).tolist(),
        "column lengths": np.linalg.norm(prior, axis=0).round(4).tolist(),
        "target lengths": np.linalg.norm(inverse, axis=1).round(4).tolist(),
        "cosines of columns": (columns @ columns.T).round(4).tolist(),
        "cosines of targets": (rows @ rows.T).round(4).tolist(),
    }


def main() -> None:
    """Write the result file."""
    store("recasting", COMMAND, {"released": released()})


if __name__ == "__main__":
    main()
