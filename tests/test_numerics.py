"""``make portable`` plays another processor: it computes other bits, with two threads, in each library that rounds."""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from numerics import NUMERICS, PLAIN, PORTABLE

ROOT = Path(__file__).parents[1]
CODE = """
import json, hashlib
import numpy as np, scipy.linalg, torch
x = np.random.default_rng(0).normal(size=(300, 300)).astype(np.float32)
t = torch.from_numpy(x)
found = {
    "PyTorch, products": (t @ t).numpy(),
    "PyTorch, sums": t.softmax(dim=1).numpy(),
    "NumPy, products": x @ x,
    "NumPy, functions": np.exp(x),
    "SciPy, products": scipy.linalg.blas.sgemm(1.0, x, x),
}
print(json.dumps({name: hashlib.sha256(value.tobytes()).hexdigest() for name, value in found.items()}))
print(torch.get_num_threads())
"""


def bits(numerics):
    """Checksums of what each library computes under these variables, and how many threads PyTorch has."""
    known = {*PLAIN, "OMP_NUM_THREADS", "OMP_WAIT_POLICY"}
    own = {name: value for name, value in os.environ.items() if name not in known}
    done = subprocess.run([sys.executable, "-c", CODE], env=own | numerics, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    sums, threads = done.stdout.splitlines()
    return json.loads(sums), int(threads)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the variables name kernels of x86 processors")
def test_plain_kernels_compute_other_bits_in_every_library():
    own, threads = bits({"OMP_NUM_THREADS": "1"})
    plain, two = bits(PORTABLE)
    assert (threads, two) == (1, 2)
    assert [name for name in own if own[name] == plain[name]] == []
    assert bits(PORTABLE)[0] == plain


def test_threads_reach_the_tests():
    assert torch.get_num_threads() == int(os.environ.get("OMP_NUM_THREADS", "1"))


def test_the_makefile_plays_them_and_margins_are_measured_under_three():
    makefile = (ROOT / "Makefile").read_text()
    pytest = r"\$\(BIN\)/pytest \$\(ALL\)$"
    assert re.search(rf"^test: book\n(\t.*\n)*\tOMP_NUM_THREADS=1 {pytest}", makefile, re.M)
    assert re.search(rf"^portable: book\n\t\$\(BIN\)/python tests/numerics.py {pytest}", makefile, re.M)
    assert [numerics["OMP_NUM_THREADS"] for numerics in NUMERICS.values()] == ["1", "1", "2"]
    assert [PLAIN.items() <= numerics.items() for numerics in NUMERICS.values()] == [False, True, False]
