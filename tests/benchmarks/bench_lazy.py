"""One epoch on rows that no memory holds as a dense table, like the TF-IDF of 800,000 texts: ``make bench``."""

import os
import time

import numpy as np
import scipy.sparse

from drcl_mini import DRCL, Split
from drcl_mini.speed.retrieval import in_a_fresh_process, peak_gb

ROWS, WORDS, WRITTEN = 800_000, 20_000, 60
CLASSES, OWN, TOPICAL = 20, 200, 4
"""Each class has 200 words of its own; 4 of a text's 60 words are of them, the others of all, rare ones less."""
TEST = 20_000
BLOCK = 50_000


def texts(rows: int, seed: int) -> tuple[scipy.sparse.csr_matrix, np.ndarray]:
    """Sparse unit rows (n, 20,000) and their classes, made block by block."""
    source = np.random.default_rng(seed)
    labels = source.integers(CLASSES, size=rows)
    parts = [block(labels[start : start + BLOCK], source) for start in range(0, rows, BLOCK)]
    return scipy.sparse.vstack(parts, format="csr"), labels


def block(labels: np.ndarray, source: np.random.Generator) -> scipy.sparse.csr_matrix:
    """Some texts: weights of their words, about 60 each."""
    common = (WORDS * source.random((len(labels), WRITTEN - TOPICAL)) ** 3).astype(np.int32)
    own = labels[:, None] * OWN + source.integers(OWN, size=(len(labels), TOPICAL))
    columns = np.hstack([common, WORDS - 1 - own]).astype(np.int32).ravel()
    values = source.gamma(2.0, size=columns.size).astype(np.float32)
    begin = np.arange(0, columns.size + 1, WRITTEN, dtype=np.int32)
    found = scipy.sparse.csr_matrix((values, columns, begin), shape=(len(labels), WORDS))
    found.sum_duplicates()
    lengths = np.sqrt(np.add.reduceat(found.data**2, found.indptr[:-1]))
    found.data /= np.repeat(lengths, np.diff(found.indptr))
    return found


def one_epoch(rows: int, threads: int) -> dict[str, float]:
    """Figures of one epoch of RSC on so many texts."""
    imported = peak_gb()
    start = time.perf_counter()
    x, y = texts(rows, 0)
    made, alone = time.perf_counter(), peak_gb()
    split = Split({"text": x}, {"text": y})
    checked = time.perf_counter()
    settings = {"epochs": 1, "batch_size": 1024, "prior": "orthogonal", "threads": threads, "progress": False}
    model = DRCL(**settings, device="cpu").fit(split)
    trained = time.perf_counter()
    held, z = texts(TEST, 1)
    predicting = time.perf_counter()
    right = model.predict({"text": held})["text"] == z
    return {
        "rows": rows,
        "stored_gb": (x.data.nbytes + x.indices.nbytes + x.indptr.nbytes) / 1e9,
        "dense_gb": 4e-9 * x.shape[0] * x.shape[1],
        "making_s": made - start,
        "split_s": checked - made,
        "epoch_s": trained - checked,
        "predict_s": time.perf_counter() - predicting,
        "import_gb": imported,
        "data_peak_gb": alone,
        "peak_gb": peak_gb(),
        "accuracy": right.mean(),
    }


def test_texts_that_no_memory_holds_dense():
    rows = int(os.environ.get("DRCL_MINI_LAZY_ROWS", ROWS))
    found = in_a_fresh_process(one_epoch, rows, 1)
    print()
    for name, value in found.items():
        print(f"{name:>14} {value:,.2f}")
    assert found["peak_gb"] < found["data_peak_gb"] + 1
    assert found["accuracy"] > 0.8
