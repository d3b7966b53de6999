"""What geometry the released Wikipedia priors have: ``python book/experiments/released_prior.py``.

First fetch the released files, 8 MB:  python -m data_scripts released-outputs
"""

import numpy as np
from result_file import store

from data_scripts.released_outputs import BASE, BLOBS
from data_scripts.wikipedia import COUNTS
from drcl_mini.data.load import load_released_outputs

COMMAND = "python -m data_scripts released-outputs && python book/experiments/released_prior.py"


def geometry(prior: np.ndarray) -> dict:
    """Lengths and angles of the columns of W (D, C), and how well W can be inverted."""
    w = prior.astype(float)
    lengths = np.linalg.norm(w, axis=0)
    _, values, right = np.linalg.svd(w, full_matrices=False)
    common = abs(right[-1].sum()) / len(lengths) ** 0.5
    return {
        "column lengths": lengths.round(4).tolist(),
        "cosines": ((w / lengths).T @ (w / lengths)).round(4).tolist(),
        "singular values": values.round(4).tolist(),
        "last singular vector along the mean column": round(float(common), 4),
        "condition number": round(float(np.linalg.cond(w)), 4),
    }


def main() -> None:
    """Write the result file."""
    outputs = load_released_outputs()
    tests = {}
    for name, probabilities in outputs.predictions.items():
        labels = outputs.test.labels[name]
        right = probabilities[np.arange(len(labels)), labels]
        tests[name] = {
            "items": len(labels),
            "accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
            "mean probability of the right class": round(float(right.mean()), 4),
        }
    chosen = [
        name
        for name, w in outputs.priors.items()
        if np.array_equal(w, outputs.prior)
    ]
    result = {
        "source": [BASE + name for name in BLOBS],
        "shape of W": list(outputs.prior.shape),
        "classes": list(COUNTS),
        "training items of each class": list(COUNTS.values()),
        "priors": {name: geometry(w) for name, w in outputs.priors.items()},
        "selected": chosen,
        "quality scores": "not among the released files",
        "released test predictions": tests,
    }
    store("released-prior", COMMAND, result)


if __name__ == "__main__":
    main()
